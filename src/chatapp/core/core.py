"""The server's decisions, as a table and three entry points.

`receive` takes what a session sent and answers with effects: most are `Submit`, which the shell settles in one order
and brings back through `settled`; `tick` is what time alone makes happen. A request is proposed (may it go to the
store, and as what?) and later settled (what did the store say, and who is told?); a question is only answered, in its
turn, so that it sees all that its session wrote before.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from chatapp.core import cursors, groups, probing, registration
from chatapp.core.effects import Asked, Effect, Send, Submit
from chatapp.core.now import Now
from chatapp.core.snapshot import Snapshot
from chatapp.core.world import Client, restored
from chatapp.core.writes import Append, Create, Enrol, Join, Leave, Outcome, Say, Write
from chatapp.model.errors import ProtocolViolation
from chatapp.model.ids import ClientNumber, RequestId, SessionNumber, parse_id
from chatapp.model.messages import (
    Ack,
    Alive,
    CreateGroup,
    Dereg,
    Done,
    FromClient,
    History,
    JoinGroup,
    LeaveGroup,
    Leaving,
    ListGroups,
    ListMembers,
    Refused,
    Register,
    Report,
    Requests,
    SendGroup,
)
from chatapp.model.settings import ServerSettings


class Core:
    """Decides. fresh_group_id: gives a random group id (16 hexadecimal digits); randomness comes in as data."""

    def __init__(
        self, snapshot: Snapshot, settings: ServerSettings, boot: int, fresh_group_id: Callable[[], str], now: Now
    ) -> None:
        self.world = restored(snapshot, settings, boot, now.clock_s)
        self._fresh_group_id = fresh_group_id

    # -- what comes in ----------------------------------------------------------------------------------------
    def register(
        self,
        session: SessionNumber,
        request: Register,
        addresses: tuple[str, ...],
        observed: str,
        round_trip_s: float,
    ) -> Iterator[Effect]:
        """A connection has proven its identity; see `registration.register`."""
        return registration.register(self.world, request, session, addresses, observed, round_trip_s)

    def receive(self, session: SessionNumber, message: FromClient, now: Now) -> Iterator[Effect]:
        """What a session sent. Raises ProtocolViolation. What comes after its session ended is discarded."""
        world = self.world
        state = world.sessions.get(session)
        if state is None:
            if session in world.enrolling:
                raise ProtocolViolation("too_early", "wait for welcome")
            return
        probing.heard(world, session)
        match message:
            case Ack():
                cursors.acknowledged(world, state, message, now)
            case Alive():
                probing.alive(world, session, message.n, now)
            case Leaving():
                yield registration.leaving(world, session, now)
            case Register():
                raise ProtocolViolation("registered_already", "one session, one name")
            case _:
                yield from self._ask(session, state.client, message, now)

    def closed(self, session: SessionNumber, now: Now) -> Iterator[Effect]:
        """The session's connection is gone."""
        return registration.closed(self.world, session, now)

    def _ask(self, session: SessionNumber, number: ClientNumber, request: Requests, now: Now) -> Iterator[Effect]:
        proposed = self._propose(self.world.clients[number], request, parse_id(request.id), now)
        if isinstance(proposed, Refused):  # it waits for its turn, as every answer does
            yield Submit(None, Asked(session, number, proposed))
        else:
            yield Submit(proposed, Asked(session, number, request))

    def _propose(self, client: Client, request: Requests, id: RequestId, now: Now) -> Append | Refused | None:
        world = self.world
        match request:
            case SendGroup():
                return groups.say(world, client, request, id, now)
            case JoinGroup():
                return groups.join(world, client, request, id, now)
            case LeaveGroup():
                return groups.leave(world, client, request, id, now)
            case CreateGroup():
                return groups.create(client, request, id, self._fresh_group_id(), now)
            case Dereg():
                return registration.dereg(world, client, request, now)
            case ListGroups() | ListMembers() | History() | Report():
                return None
            case _:
                assert_never(request)

    # -- what the store has settled ---------------------------------------------------------------------------
    def settled(self, submit: Submit, outcome: Outcome | None, now: Now) -> Iterator[Effect]:
        """All that was submitted before is durable, and this is what became of `submit`."""
        asked, write = submit.asked, submit.write
        if isinstance(asked.request, Register):
            assert asked.session is not None and isinstance(write, Enrol)
            return registration.registered(self.world, asked.session, asked.request, write, settled_as(outcome))
        if asked.client is None:
            return iter(())  # cursors, kept
        client = self.world.clients[asked.client]
        if isinstance(write, Leave) and not isinstance(asked.request, LeaveGroup):
            return self._departed(client, asked, write, settled_as(outcome), now)
        assert asked.session is not None
        if outcome is None:
            return self._question(client, asked.session, asked.request, now)
        return self._answer(client, asked.session, asked.request, write, outcome, now)

    def _answer(
        self,
        client: Client,
        session: SessionNumber,
        request: object,
        write: Write | None,
        outcome: Outcome,
        now: Now,
    ) -> Iterator[Effect]:
        world = self.world
        match request, write:
            case SendGroup(), Say():
                return groups.said(world, client, session, request.id, write, outcome, now)
            case JoinGroup(), Join():
                return groups.joined(world, client, session, request, write, outcome, now)
            case LeaveGroup(), Leave():
                return groups.left(world, client, session, request, write, outcome, now)
            case CreateGroup(), Create():
                return groups.created(world, client, session, request.id, write, outcome, now)
            case _:
                raise AssertionError((request, write))

    def _question(self, client: Client, session: SessionNumber, request: object, now: Now) -> Iterator[Effect]:
        world = self.world
        match request:
            case ListGroups():
                yield from groups.list_groups(world, client, session, request)
            case ListMembers():
                yield from groups.list_members(world, client, session, request)
            case History():
                yield from groups.history(world, client, session, request)
            case Report():
                yield from registration.reported(world, session, request, now)
            case Refused():
                yield Send(session, request)
            case _:
                raise AssertionError(request)

    def _departed(self, client: Client, asked: Asked, write: Leave, outcome: Outcome, now: Now) -> Iterator[Effect]:
        if isinstance(asked.request, Dereg) and asked.session is not None:
            yield Send(asked.session, Done(asked.request.id))
        yield from registration.departed(self.world, client, asked.session, write, outcome, now)

    # -- what time makes happen -------------------------------------------------------------------------------
    def tick(self, now: Now) -> Iterator[Effect]:
        """Pushes that were being gathered, cursors to keep, and new watches. Call `overdue` afterwards."""
        world = self.world
        probing.watch_who_is_behind(world, now)
        yield from cursors.tell_receipts(world, now)
        yield from cursors.tell_heads(world, now)
        yield from cursors.keep_cursors(world, now)
        yield from registration.tell_roster(world, now)

    def overdue(self, now: Now) -> list[tuple[ClientNumber, SessionNumber | None]]:
        """Whose time-out is over: the shell says of each whether its send buffer `drained` or it is `silent`."""
        return [(number, self.world.clients[number].session) for number in probing.overdue(self.world, now)]

    def drained(self, session: SessionNumber) -> None:
        """Bytes have left for this client since its clock started: it is reading."""
        probing.heard(self.world, session)

    def silent(self, number: ClientNumber, now: Now) -> Iterator[Effect]:
        """Nothing came, nothing left: probes the client, or removes it when no probe is left."""
        client = self.world.clients[number]
        if not probing.is_given_up(self.world, client):
            yield from probing.probe(self.world, client, now)
            return
        del self.world.watched[number]
        yield registration.removal(self.world, client, now)

    def stalled(self, now: Now) -> None:
        """Our own loop or store stood still: every clock starts afresh."""
        probing.restart_clocks(self.world, now)


def settled_as(outcome: Outcome | None) -> Outcome:
    """The outcome of a write, which always has one."""
    assert outcome is not None
    return outcome
