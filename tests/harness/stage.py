"""The stage: everything that one test starts, the journal of what it did, and its end."""

import signal
from collections.abc import Sequence
from pathlib import Path

from harness.datagrams import UdpProxy
from harness.journal import Journal
from harness.loop import Reachable
from harness.people import People
from harness.pipes import PipedProcess
from harness.processes import Process, Setting
from harness.proxy import TcpProxy
from harness.server import Server
from harness.terminal import Terminal


class Stage:
    """What is started here ends with the test; a process that complains or doesn't end when asked fails it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.journal = Journal()
        self._people: list[People] = []
        self._servers: list[Server] = []
        self._others: list[Process] = []
        self._proxies: list[TcpProxy | UdpProxy] = []

    def server(
        self, name: str = "server", *, online: bool = True, arguments: Sequence[str] = (), **settings: Setting
    ) -> Server:
        """A server; online when this returns, unless `online` is False: then it isn't started yet."""
        server = Server(self.journal, self._directory / name, settings, name=name, arguments=arguments)
        self._servers.append(server)
        if online:
            server.start()
        return server

    def people(self, server: Server, homes: str = "homes", **settings: Setting) -> People:
        """The clients of that server; `homes`: other ones live elsewhere, on another device."""
        people = People(server, self.journal, self._directory / homes, **settings)
        self._people.append(people)
        return people

    def process(self, name: str, command: Sequence[str], **settings: Setting) -> PipedProcess:
        """Any other program behind pipes, started: `stage.process("trust", program("trust", "localhost:4000"))`."""
        process = PipedProcess(name, command, self.journal, self._directory / name, settings)
        self._others.append(process)
        process.start()
        return process

    def terminal(
        self,
        name: str,
        command: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        answers_queries: bool = False,
        **settings: Setting,
    ) -> Terminal:
        """Any other program at a terminal, started: a server whose screen is looked at."""
        terminal = Terminal(
            name,
            command,
            self.journal,
            self._directory / name,
            settings,
            columns=columns,
            rows=rows,
            answers_queries=answers_queries,
        )
        self._others.append(terminal)
        terminal.start()
        return terminal

    def proxy(
        self,
        upstream: Reachable,
        *,
        name: str = "proxy",
        buffer_bytes: int | None = None,
        from_host: str | None = None,
    ) -> TcpProxy:
        """A breakable path to a server; see `TcpProxy`."""
        proxy = TcpProxy(upstream, self.journal, name=name, buffer_bytes=buffer_bytes, from_host=from_host)
        self._proxies.append(proxy)
        return proxy

    def udp_proxy(self, upstream: Reachable, *, name: str = "udp proxy") -> UdpProxy:
        """A lossy path to a client's UDP port."""
        proxy = UdpProxy(upstream, self.journal, name=name)
        self._proxies.append(proxy)
        return proxy

    def report(self) -> list[tuple[str, str]]:
        """Titles and texts that a failing test shows: what happened, and the screens."""
        processes = [*(process for people in self._people for process in people.processes), *self._others]
        screens = [
            (f"screen of {process.name}", process.transcript())
            for process in processes
            if isinstance(process, Terminal)
        ]
        return [("what happened", self.journal.text()), *screens]

    def end(self) -> None:
        """Ends everything, then fails if a process didn't end when asked, or told of a bug in its output."""
        faults: list[str] = []
        for wire in (wire for people in self._people for wire in people.wires):
            wire.close()
        for people in self._people:
            faults += _ended(people.processes)
        faults += _ended(self._others)
        faults += _ended(self._servers)
        for proxy in self._proxies:
            proxy.close()
        assert not faults, "\n".join(["when the test was over:", *faults, *(text for _, text in self.report())])


def _ended(processes: Sequence[Process]) -> list[str]:
    """Asks them all to end, then sees to it; what is to be complained about."""
    faults: list[str] = []
    for process in processes:
        if process.is_running:
            process.signal(signal.SIGTERM)
            process.resume()  # it may have been suspended
    for process in processes:
        try:
            if process.is_running:
                process.exit_status()
        except AssertionError as error:
            faults.append(str(error))
        finally:
            process.end()
        faults += [f"{process.name}: {complaint}" for complaint in process.complaints()]
    return faults
