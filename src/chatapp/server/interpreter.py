"""The one place where the core's effects become writes, reads and closed connections.

Also the one place where the core is called: every input passes through here, and its effects are done before the
next input is looked at.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from time import monotonic, time_ns
from typing import Any, assert_never

import msgspec

from chatapp.core.core import Core
from chatapp.core.effects import (
    Close,
    Deliver,
    Effect,
    Grow,
    Halt,
    Send,
    SendAll,
    SendEntries,
    SendHeads,
    SendMembers,
    Submit,
    Tell,
)
from chatapp.core.now import Now
from chatapp.model.ids import GroupNumber, SessionNumber
from chatapp.model.limits import CATCH_UP_BYTES_MAX, CATCH_UP_ENTRIES_MAX, STALL_S, TEXT_BYTES_MAX, TICK_S
from chatapp.model.messages import Entries, Entry, FromClient, Heads, Probe, Refused, Register, Stored
from chatapp.protocol.codec import frame
from chatapp.server.appender import Appender, Settled
from chatapp.server.console import Console
from chatapp.server.counts import Counts
from chatapp.server.fanout import Fanout
from chatapp.server.links import Link
from chatapp.server.reader import LogReader

_HISTORY_AGAIN_S = 0.1
"""When to ask for more history, of somebody who asked while the last request was being read."""


def present() -> Now:
    """This moment."""
    return Now(monotonic(), time_ns() // 1_000_000)


class Interpreter:
    """links: the connections that are open; start: runs a coroutine as a kept task."""

    def __init__(
        self,
        core: Core,
        log: LogReader,
        console: Console,
        counts: Counts,
        start: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        self._core = core
        self._log = log
        self._console = console
        self._counts = counts
        self._start = start
        self.links: dict[SessionNumber, Link] = {}
        self._reading_history: set[SessionNumber] = set()
        self._fanout = Fanout(self._read_log, counts, start)
        self._submit: Callable[[Submit], None]
        self._commit_takes_s: Callable[[], float]

    def attach(self, appender: Appender) -> None:
        """The appender that settles what the core submits; it brings its outcomes to `settle`."""
        self._submit = appender.submit
        self._commit_takes_s = appender.commit_takes_s

    # -- inputs -----------------------------------------------------------------------------------------------
    def register(
        self, link: Link, request: Register, addresses: tuple[str, ...], observed: str, round_trip_s: float
    ) -> None:
        """The connection has proven its identity."""
        self._do(self._core.register(link.number, request, addresses, observed, round_trip_s))

    def receive(self, link: Link, message: FromClient) -> None:
        """A message of a session. Raises ProtocolViolation."""
        self._counts.received += 1
        self._do(self._core.receive(link.number, message, present()))

    def closed(self, link: Link) -> None:
        """The connection is gone."""
        del self.links[link.number]
        self._do(self._core.closed(link.number, present()))

    def settle(self, settled: Settled, seconds: float) -> None:
        """The store has settled a batch."""
        if seconds:
            self._counts.commits += 1
            self._counts.commit_seconds += seconds
        now = present()
        for submit, outcome in settled:
            self._do(self._core.settled(submit, outcome, now))

    async def keep_time(self, also: Callable[[], None]) -> None:
        """Ticks for ever, calling `also` each time; a tick that comes late means that this process stood still."""
        expected = monotonic()
        while True:
            await asyncio.sleep(max(0.0, expected - monotonic()))
            now = present()
            if now.clock_s - expected > STALL_S or self._commit_takes_s() > STALL_S:
                self._stalled()
            also()
            expected = now.clock_s + TICK_S
            self._do(self._core.tick(now))
            for client, session in self._core.overdue(now):
                link = None if session is None else self.links.get(session)
                if link is not None and link.shows_life():
                    self._core.drained(link.number)
                else:
                    effects = list(self._core.silent(client, now))
                    self._counts.removals += any(isinstance(effect, Submit) for effect in effects)
                    self._do(effects)
            self._console.show_table_if_changed(self._core.world)

    async def stop(self) -> None:
        """Tells everybody that the server stops, and closes their connections."""
        await asyncio.gather(*(link.close_with("stopping") for link in self.links.values()))

    def _stalled(self) -> None:
        self._counts.stalls += 1
        self._core.stalled(present())

    # -- effects ----------------------------------------------------------------------------------------------
    def _do(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Submit():
                    self._submit(effect)
                case Grow():
                    self._fanout.grow(effect.group, effect.entry)
                case Send():
                    self._send(effect)
                case Tell():
                    self._console.tell(effect)
                case SendAll():
                    data = frame(effect.message)
                    for number in self._core.world.sessions:
                        if number in self.links:
                            self._fanout.send(self.links[number], data)
                case SendMembers():
                    self._fanout.send_members(effect.group, frame(effect.message))
                case SendHeads():
                    self._start(self._send_heads(effect), "heads")
                case SendEntries():
                    self._read_history(effect)
                case Deliver():
                    link = self.links.get(effect.session)
                    if link is not None:
                        self._fanout.deliver(
                            link, effect.group, effect.after, self._core.world.groups[effect.group].head
                        )
                case Halt():
                    self._fanout.halt(effect.session)
                case Close():
                    self._close(effect)
                case _:
                    assert_never(effect)

    def _send(self, effect: Send) -> None:
        message = effect.message
        if isinstance(message, Stored):
            self._counts.stored += 1
        elif isinstance(message, Refused):
            self._counts.refusals[message.code] += 1
        elif isinstance(message, Probe):
            self._counts.probes += 1
        link = self.links.get(effect.session)
        if link is not None:
            self._fanout.send(link, frame(message))

    def _close(self, effect: Close) -> None:
        link = self.links.get(effect.session)
        if link is not None:
            self._start(link.close_with(effect.reason), f"close {link.number}")

    # -- reads of the store, answered when they are done ------------------------------------------------------
    async def _read_log(self, group: GroupNumber, after: int) -> list[Entry]:
        stored = await self._log.entries(group, after, CATCH_UP_ENTRIES_MAX, CATCH_UP_BYTES_MAX)
        world = self._core.world
        return [world.entry(world.groups[group], entry) for entry in stored]

    def _read_history(self, effect: SendEntries) -> None:
        """One at a time for each session: all share one reader of the log."""
        if effect.session in self._reading_history:
            busy = Refused(effect.re, "overload", "Your last history request is being read.", _HISTORY_AGAIN_S)
            self._send(Send(effect.session, busy))
            return
        self._reading_history.add(effect.session)
        self._start(self._send_entries(effect), "history")

    async def _send_entries(self, effect: SendEntries) -> None:
        stored = await self._log.entries(effect.group, effect.start - 1, effect.count, TEXT_BYTES_MAX)
        self._reading_history.discard(effect.session)
        world = self._core.world
        group = world.groups[effect.group]
        link = self.links.get(effect.session)
        session = world.sessions.get(effect.session)
        if link is None or session is None:
            return
        if session.client not in group.members:  # it has left while this was read: outside means no text
            self._fanout.send(link, frame(Refused(effect.re, "not_member", "You are not in that group.")))
            return
        entries = tuple(world.entry(group, entry) for entry in stored)
        self._fanout.send(link, frame(Entries(effect.re, entries, group.head)))

    async def _send_heads(self, effect: SendHeads) -> None:
        rows = [
            msgspec.structs.replace(row, mentions=await self._log.mentions(effect.client, number, row.cursor))
            for number, row in effect.rows
        ]
        link = self.links.get(effect.session)
        if link is not None:
            self._fanout.send(link, frame(Heads(tuple(rows))))
