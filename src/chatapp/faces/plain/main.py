"""The plain face's composition root: a screen, a client, a typist, and the ways to stop."""

import asyncio
import contextlib
import signal
import sys
import traceback
from dataclasses import dataclass

from chatapp.client.client import Client
from chatapp.client.events import Answered, Ended, HeldChanged
from chatapp.client.home import ArchiveInUse
from chatapp.client.meeting import EndedEarly
from chatapp.client.told import Told
from chatapp.faces.plain.commands import COMMANDS, Line, Typist
from chatapp.faces.plain.screen import Pipe, Screen
from chatapp.faces.plain.words import Narrator
from chatapp.model.errors import CannotStart, ExitStatus, StorageFailed
from chatapp.model.settings import JoinArguments
from chatapp.tasks import TaskKeeper

_NEXT_LINE_S = 1.0
"""How long the next typed line waits for the answer to the last: private messages go on while the server is dead."""


def run(arguments: JoinArguments) -> ExitStatus:
    """The conversation of one name, from Welcome to the end. Raises CannotStart."""
    return asyncio.run(_Face(arguments).run())


@dataclass(frozen=True, slots=True)
class _Finished:
    """Told after everything else: the conversation is over once it is shown."""

    status: ExitStatus


class _Face:
    def __init__(self, arguments: JoinArguments) -> None:
        self._arguments = arguments
        self._narrator = Narrator(arguments.name)
        self._told = Told()
        self._tasks = TaskKeeper(self._died)
        self._client: Client | None = None
        self._screen: Screen
        self._refused = False
        self._stopped: asyncio.Future[tuple[ExitStatus, bool]]

    async def run(self) -> ExitStatus:
        """Everything, until one of the ways to stop is taken. Raises CannotStart."""
        loop = asyncio.get_running_loop()
        self._stopped = loop.create_future()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with contextlib.suppress(NotImplementedError, AttributeError):  # Windows has fewer, and no handlers
                loop.add_signal_handler(getattr(signal, name), self._stop, ExitStatus.DONE, True)
        self._screen = self._make_screen()
        self._tasks.start(self._show(), "screen")
        self._tasks.start(self._talk(), "typist")
        silently = False  # where something failed for good, the next start is where one was
        try:
            status, silently = await self._stopped
            return status
        finally:
            await self._tasks.close()
            if self._client is not None:
                await self._client.close(silently=silently)
            self._screen.close()

    def _make_screen(self) -> Screen:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            return Pipe()
        from chatapp.faces.plain.terminal import Terminal  # prompt_toolkit takes its time; pipes don't need it

        return Terminal(
            lambda: self._narrator.group,
            self._candidates,
            lambda: self._stop(ExitStatus.DONE, True),
            self._tasks.start,
        )

    def _stop(self, status: ExitStatus, silently: bool) -> None:
        if not self._stopped.done():
            self._stopped.set_result((status, silently))

    def _died(self, name: str, error: BaseException) -> None:
        """A part failed for good: the disk, or a bug of ours."""
        if self._stopped.done():
            return
        if isinstance(error, StorageFailed):
            line = f"Error: storage failed, {error}. Nothing acknowledged is lost; free the disk and start again."
            self._stopped.set_exception(CannotStart(line, ExitStatus.STORAGE))
        elif isinstance(error, CannotStart):
            self._stopped.set_exception(error)
        elif name == "screen" and isinstance(error, BrokenPipeError):  # nobody reads any more: no more is said
            self._stop(ExitStatus.GONE, True)
        else:
            traceback.print_exception(error)
            self._stop(ExitStatus.GONE, False)

    # -- what is shown ------------------------------------------------------------------------------------------
    async def _show(self) -> None:
        while True:
            event = await self._told.get()
            match event:
                case Line():
                    await self._screen.show([event.text])
                case _Finished():
                    self._stop(event.status, event.status is not ExitStatus.GONE)
                case Ended():
                    kept = 0 if self._client is None else self._client.kept()
                    await self._screen.show(self._narrator.ending(event, kept))
                    self._stop(ExitStatus.GONE, False)
                case HeldChanged():
                    await self._screen.hold(self._narrator.lines(event))
                case _:
                    await self._screen.show(self._narrator.lines(event))
                    if self._narrator.group is None and isinstance(event, Answered):
                        await self._screen.hold([])
                    if self._client is not None:
                        self._client.shown(event)

    # -- what is typed ------------------------------------------------------------------------------------------
    async def _talk(self) -> None:
        try:
            self._client = await Client.open(self._arguments, self._told, self._died)
        except EndedEarly as early:
            self._told.put(early.ended)
            return
        except ArchiveInUse:
            self._told.put(Ended("name_taken"))
            return
        typist = Typist(self._client)
        self._tasks.start(self._obey_all(typist, self._client), "commands")

    async def _obey_all(self, typist: Typist, client: Client) -> None:
        waits_for_each = isinstance(self._screen, Pipe)
        async for typed in self._screen.typed():
            if not waits_for_each:
                self._told.put(Line(self._screen.echo(typed)))
            await client.ready.wait()
            waiting = await typist.obey(typed)
            if waiting is None:
                continue
            answered = self._tasks.start(waiting, "answer")
            answered.add_done_callback(self._note)
            if waits_for_each:
                await answered
            elif not typist.is_message(typed):  # most often it is there at once, and the next line may depend on it
                await asyncio.wait({answered}, timeout=_NEXT_LINE_S)
            if typist.offline:
                break
        if waits_for_each:
            await client.ready.wait()
        status = ExitStatus.SOME_REFUSED if self._refused and waits_for_each else ExitStatus.DONE
        self._told.put(_Finished(status))

    def _note(self, answered: asyncio.Task[bool]) -> None:
        if not answered.cancelled() and answered.exception() is None and not answered.result():
            self._refused = True

    def _candidates(self, before: str) -> list[str]:
        """What may stand after `before`: commands, names, groups."""
        state = None if self._client is None else self._client.state
        if before == "":
            return list(COMMANDS)
        if state is None:
            return []
        if before in ("send", "dereg", "trust"):
            return sorted(state.roster)
        if before == "join_group":
            in_roster = {row.group for row in state.roster.values() if row.group is not None}
            return sorted(in_roster | {row.name for row in state.heads.values()})
        return []
