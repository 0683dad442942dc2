"""Reception: what comes from the server is stored, then acknowledged, then told; one message after the other.

Entries that came together cost one transaction. An answer is told before what follows from it. What things mean is the
reducer's (`state`); what is still unanswered is the outbox's.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from time import monotonic

import msgspec

from chatapp.client import state as reducer
from chatapp.client.events import (
    Answered,
    CannotReturn,
    Ended,
    Entered,
    Event,
    NotSent,
    PrivateCame,
    Removed,
    Resynced,
    Said,
)
from chatapp.client.home import Home
from chatapp.client.outbox import Item, Outbox
from chatapp.client.state import State
from chatapp.client.told import Told
from chatapp.model.errors import ProtocolViolation, Unavailable
from chatapp.model.ids import parse_id
from chatapp.model.limits import ACK_ENTRIES_MAX
from chatapp.model.messages import (
    Ack,
    Answer,
    Answers,
    Bye,
    Cursors,
    Dereg,
    Done,
    Entry,
    FromServer,
    Heads,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    Refused,
    Roster,
    SendGroup,
    Welcome,
)
from chatapp.model.messages import Removed as RemovedPush
from chatapp.model.names import fault

_LATER = frozenset({"rate", "overload", "after_refused"})
"""Refusals that mean: the same again, a little later (protocol 3.6)."""
_LATER_S = 0.1


class Reception:
    """roster_changed: told which names have new rows. Raises StorageFailed, as the archive does."""

    def __init__(
        self, home: Home, state: State, told: Told, outbox: Outbox, roster_changed: Callable[[Sequence[str]], None]
    ) -> None:
        self._home = home
        self._archive = home.archive
        self._state = state
        self._told = told
        self._outbox = outbox
        self._roster_changed = roster_changed
        self.awaited: dict[str, asyncio.Future[Answers]] = {}
        self._focus: str | None = None
        self._return_told = False  # whether taking the group up again is worth a line
        self._taken_up: set[str] = set()  # groups of which an earlier process's last lines have been looked at
        self._acked = 0
        self._acked_at = 0.0
        self._roster_came = False
        self.ready = asyncio.Event()
        self.departed = False  # by one's own wish: the connection's end is no failure
        self.dismissed = False  # by the server, which is there and takes us back: its going away is nothing to tell

    async def begin(self) -> None:
        """Takes up what an earlier process left: the focus, and group messages that weren't acknowledged."""
        self._focus = (await self._home.run(self._archive.own)).focus
        self._return_told = self._focus is not None
        for request in await self._home.run(self._archive.kept_requests):
            self._outbox.add(request, monotonic(), typed=False)

    async def lose_focus(self) -> None:
        """The next start is outside any group."""
        self._focus = None
        await self._home.run(self._archive.set_focus, None)

    async def welcomed(self, welcome: Welcome) -> None:
        """Logged in: takes up the group one was in, before everything else that waits; or leaves one that the server
        still has one in."""
        self._state.text_bytes_max = welcome.text_bytes_max
        self.dismissed = False
        if self._focus is not None:
            if welcome.group == self._focus:
                await self._return(self._focus)
            elif not self._waits(LeaveGroup):
                await self._removed(self._focus)
        elif welcome.group is not None and not self._waits(JoinGroup):
            leave = LeaveGroup(str(await self._home.run(self._archive.new_id)), welcome.group)
            self._outbox.add_first(leave, monotonic())

    def _waits(self, kind: type[JoinGroup | LeaveGroup]) -> bool:
        """Whether a join, or a leave, waits for its answer: where the server has one in or out may be its doing."""
        return any(isinstance(item.request, kind) for item in self._outbox.items.values())

    async def show_waiting(self) -> None:
        """Private messages that an earlier process left: shown now, or held on where one returns to a group."""
        waiting = await self._home.run(self._home.private.unshown)
        if self._focus is not None:
            self._state.held = [received for received in waiting if received.state == "held"]
            waiting = [received for received in waiting if received.state == "due"]
        elif waiting:
            await self._home.run(self._home.private.mark_due, waiting[-1].number)
        for received in waiting:
            self._told.put(PrivateCame(received, again=received.state == "due"))

    async def take(self, messages: list[FromServer]) -> None:
        """All that came, in order. Raises ProtocolViolation; Unavailable after a final `bye`."""
        for is_entry, run in groupby(messages, lambda message: isinstance(message, Entry)):
            if is_entry:
                await self._entries([message for message in run if isinstance(message, Entry)])
            else:
                for message in run:
                    await self._take(message)

    # -- acks ---------------------------------------------------------------------------------------------------
    def ack_due(self) -> float | None:
        """When the next ack should leave, if one is owed."""
        group = self._state.group
        if group is None or group.position <= self._acked:
            return None
        full = group.position - self._acked >= ACK_ENTRIES_MAX
        return self._acked_at + (0.0 if full else group.ack_delay_s)

    def ack(self, now: float) -> Ack:
        """The ack that is owed: the archive holds all up to this."""
        group = self._state.group
        assert group is not None
        self._acked, self._acked_at = group.position, now
        return Ack(group.id, group.position)

    # -- one message --------------------------------------------------------------------------------------------
    async def _take(self, message: FromServer) -> None:
        match message:
            case Roster():
                if any(fault(row.name) is not None for row in message.rows):
                    raise ProtocolViolation("bad_name", "the roster has a name that can't be one")
                await self._home.run(self._archive.keep_roster, message.rows, full=message.full)
                self._tell(reducer.roster_came(self._state, message))
                self._roster_changed([row.name for row in message.rows])
                self._roster_came = not message.more
                self._see_if_ready()
            case Cursors():
                self._tell(reducer.cursors_came(self._state, message))
            case Heads():
                self._state.heads |= {row.group: row for row in message.rows}
            case RemovedPush():
                if self._focus == message.group:
                    await self._removed(message.group)
            case Bye(reason="replaced"):
                self.departed = True
                self._told.put(Ended("replaced"))
                raise Unavailable("replaced")
            case Bye(reason="unresponsive"):
                self.dismissed = True
            case Answer():
                await self._answer(message)
            case _:
                pass  # `bye` for any other reason: the connection's end follows

    async def _entries(self, entries: list[Entry]) -> None:
        """What came before is dropped by number; a gap is the server's violation, and a new connection mends it."""
        group = self._state.group
        if group is None:
            return
        new = [entry for entry in entries if entry.group == group.id and entry.seq > group.position]
        if not new:
            return
        if [entry.seq for entry in new] != list(range(group.position + 1, group.position + 1 + len(new))):
            raise ProtocolViolation("gap", f"entry {new[0].seq} came after {group.position}")
        await self._home.run(self._archive.keep_entries, group.epoch, new)
        receipt_due = monotonic() + self._outbox.round_trip.timeout_s + 2 * group.ack_delay_s
        self._tell(reducer.entries_came(self._state, new, receipt_due))

    async def _removed(self, group: str) -> None:
        """The server took us out; we go back by ourselves."""
        found = await self._home.run(self._archive.resume, group)
        if found is not None:
            self._told.put(Removed(found[0]))
        self._return_told = True
        await self._return(group)

    async def _return(self, group: str) -> None:
        found = await self._home.run(self._archive.resume, group)
        assert found is not None, "focus is set together with the group's row"
        name, resume = found
        id = str(await self._home.run(self._archive.new_id))
        self._outbox.add_first(JoinGroup(id, name, resume if resume.id else None), monotonic())

    # -- answers ------------------------------------------------------------------------------------------------
    async def _answer(self, answer: Answers) -> None:
        if isinstance(answer, Refused) and self._comes_later(answer):
            self._outbox.postpone(answer.re, monotonic() + max(answer.retry_after_s, _LATER_S))
            return
        item = self._outbox.answered(answer.re, monotonic())
        if item is None:
            return  # the second answer to something tried twice
        request = item.request
        if isinstance(answer, Refused) and answer.code == "id_conflict":
            await self._ask_anew(item)
            return
        if isinstance(request, LeaveGroup) and isinstance(answer, Refused) and answer.code == "not_member":
            answer = Left(request.id, request.group)  # one was removed before the leave came: out is out
        lost = await self._keep(item, answer)
        if item.typed:
            self._told.put(Answered(request, answer))
        if isinstance(request, SendGroup):
            await self._home.run(self._archive.forget_request, parse_id(request.id))
            if isinstance(answer, Refused) and not item.typed:
                found = await self._home.run(self._archive.resume, request.group)
                self._told.put(NotSent(found[0] if found else "", request.body, answer.text))
        match answer:
            case Joined():
                await self._entered(answer, lost=lost, typed=item.typed)
            case Left():
                await self._left()
            case Refused() if isinstance(request, JoinGroup) and not item.typed:
                self._told.put(CannotReturn(request.group))
                await self._left()
            case Done() if isinstance(request, Dereg):
                self.departed = True
        self._see_if_ready()
        future = self.awaited.pop(request.id, None)
        if future is not None and not future.done():
            future.set_result(answer)

    async def _keep(self, item: Item, answer: Answers) -> bool:
        """Stores which group one is in before anybody hears of it: a kill after the line must not undo it. Whether the
        archive held more of the log than the server has."""
        match answer:
            case Joined():
                if fault(answer.name) is not None:
                    raise ProtocolViolation("bad_name", "the group has a name that can't be one")
                entry = (answer.group, answer.name, answer.epoch, answer.start)
                return await self._home.run(self._archive.enter, *entry)
            case Left():
                await self.lose_focus()
            case Refused() if isinstance(item.request, JoinGroup) and not item.typed:
                await self.lose_focus()
            case Done() if isinstance(item.request, Dereg):
                await self.lose_focus()
        return False

    def _comes_later(self, refused: Refused) -> bool:
        """Whether the same request will do in a while: asked too fast, or said in a group that one was removed from a
        moment ago and goes back to."""
        item = self._outbox.items.get(refused.re)
        request = None if item is None else item.request
        removed = isinstance(request, SendGroup) and refused.code == "not_member" and request.group == self._focus
        return refused.code in _LATER or removed

    async def _ask_anew(self, item: Item) -> None:
        """That id was used for something else: somebody has a copy of this archive, so its ids begin anew."""
        old = item.request
        await self._home.run(self._archive.renumber)
        id = await self._home.run(self._archive.new_id)
        request = msgspec.structs.replace(old, id=str(id))
        if isinstance(request, SendGroup):
            await self._home.run(self._archive.keep_request, id, request.group, request.body)
            await self._home.run(self._archive.forget_request, parse_id(old.id))
        if old.id in self.awaited:
            self.awaited[request.id] = self.awaited.pop(old.id)
        self._outbox.add(request, monotonic(), typed=item.typed)

    async def _entered(self, answer: Joined, *, lost: bool, typed: bool) -> None:
        first_in_process = answer.group not in self._taken_up
        self._taken_up.add(answer.group)
        reducer.joined(self._state, answer)
        self._focus, self._acked = answer.group, answer.start
        if self._return_told and not typed:
            self._told.put(Entered(answer.name))
        self._return_told = False
        if lost:
            self._told.put(Resynced(answer.name))
        if first_in_process:
            for stored in await self._home.run(self._archive.unshown, answer.group):
                self._told.put(Said(stored, again=True))
            if self._state.held:
                self._told.put(reducer.held_event(self._state))

    async def _left(self) -> None:
        events = reducer.left(self._state)
        held = [event.received.number for event in events if isinstance(event, PrivateCame)]
        if held:
            await self._home.run(self._home.private.mark_due, max(held))
        self._tell(events)

    def _see_if_ready(self) -> None:
        if self._roster_came and (self._focus is None or self._state.group is not None):
            self.ready.set()

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self._told.put(event)
