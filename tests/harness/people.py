"""People: clients of a server, each with a home of their own, in pipes, in terminals, or speaking the bare protocol."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from chatapp.identity.keys import Identity
from harness.journal import Journal
from harness.loop import Reachable
from harness.pipes import PipeClient
from harness.ports import fresh_port
from harness.processes import Process, Setting, program
from harness.server import Server
from harness.terminal import Terminal
from harness.wire import WireClient

Command = Literal["-c", "join"]
"""The classic command, which gives up after its tries; or `join --plain`, which reconnects for ever."""
PROMPT = re.compile(r">>>( \(.*\))?")
WELCOME = ">>> [Welcome, You are registered.]"


def client_command(name: str, at: Reachable, command: Command, direct_port: int, arguments: Sequence[str]) -> list[str]:
    """What a person types to join."""
    if command == "-c":
        return program("-c", name, at.host, str(at.port), str(direct_port), *arguments)
    place = ["--name", name, "--direct-port", str(direct_port), "--plain"]
    return program("join", f"{at.host}:{at.port}", *place, *arguments)


class People:
    """Makes the clients of one server. Who is made again under a name has the same home: the same archive.

    Settings given here are for everybody; those given with a person, for that person.
    """

    def __init__(self, server: Server, journal: Journal, homes: Path, **settings: Setting) -> None:
        self._server = server
        self._journal = journal
        self._homes = homes
        self.settings: dict[str, Setting] = dict(settings)
        self.processes: list[Process] = []
        self.wires: list[WireClient] = []

    def pipe(
        self,
        name: str,
        *,
        command: Command = "-c",
        via: Reachable | None = None,
        home: str | None = None,
        welcome: bool = True,
        direct_port: int | None = None,
        arguments: Sequence[str] = (),
        **settings: Setting,
    ) -> PipeClient:
        """Somebody in pipes; back when the server has welcomed them, unless `welcome` is False.

        via: a proxy instead of the server. home: the name of another home than one's own. arguments: more of them.
        """
        line = client_command(name, via or self._server, command, direct_port or fresh_port(), arguments)
        person = PipeClient(name, line, self._journal, *self._place(home or name, settings))
        self.processes.append(person)
        person.start()
        if welcome:
            person.expect(WELCOME)
        return person

    def terminal(
        self,
        name: str,
        *,
        command: Command = "-c",
        via: Reachable | None = None,
        home: str | None = None,
        welcome: bool = True,
        direct_port: int | None = None,
        arguments: Sequence[str] = (),
        columns: int = 100,
        rows: int = 30,
        answers_queries: bool = False,
        **settings: Setting,
    ) -> Terminal:
        """Somebody at a terminal; otherwise as `pipe`."""
        line = client_command(name, via or self._server, command, direct_port or fresh_port(), arguments)
        if command == "join":
            line.remove("--plain")
        person = Terminal(
            name,
            line,
            self._journal,
            *self._place(home or name, settings),
            columns=columns,
            rows=rows,
            answers_queries=answers_queries,
        )
        self.processes.append(person)
        person.start()
        if welcome:
            person.expect(WELCOME)
            person.wait_for_prompt(PROMPT)
        return person

    def wire(
        self,
        name: str,
        *,
        via: Reachable | None = None,
        identity: Identity | None = None,
        log_in: bool = True,
        acks: bool = True,
        answers_probes: bool = True,
        answers_pings: bool = True,
        buffer_bytes: int | None = None,
    ) -> WireClient:
        """A bare speaker of the protocol; logged in, unless `log_in` is False."""
        wire = WireClient(
            via or self._server,
            self._journal,
            name=name,
            identity=identity,
            tls=not self._server.no_tls,
            acks=acks,
            answers_probes=answers_probes,
            answers_pings=answers_pings,
            buffer_bytes=buffer_bytes,
        )
        self.wires.append(wire)
        if log_in:
            wire.log_in()
        return wire

    def _place(self, home: str, settings: dict[str, Setting]) -> tuple[Path, dict[str, Setting]]:
        path = self._homes / home
        usual: dict[str, Setting] = {"data": str(path / "data"), "no_tls": self._server.no_tls}
        return path, usual | self.settings | settings
