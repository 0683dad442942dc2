"""Coming and going: registration, deregistration, the silent leave, removal, the roster."""

from collections.abc import Iterator

from chatapp.core.cursors import heads_for
from chatapp.core.effects import Asked, Close, Effect, Halt, Send, SendAll, Submit, Tell
from chatapp.core.groups import TEXTS, left_group
from chatapp.core.now import Now
from chatapp.core.probing import silence_limit_s, watch_reported
from chatapp.core.world import Client, Session, Watch, World
from chatapp.core.writes import Appended, Enrol, Enrolled, Leave, NotGranted, Outcome
from chatapp.model.ids import SessionNumber
from chatapp.model.limits import PAGE_ROWS_MAX
from chatapp.model.messages import (
    ByeReason,
    Dereg,
    Done,
    LeaveReason,
    Leaving,
    Refused,
    Register,
    Removed,
    Report,
    Roster,
    Welcome,
)
from chatapp.model.names import fault, fold
from chatapp.model.timing import RoundTrip


def register(
    world: World,
    request: Register,
    session: SessionNumber,
    addresses: tuple[str, ...],
    observed: str,
    round_trip_s: float,
) -> Iterator[Effect]:
    """A connection has proven that it holds `request.key`.

    addresses: where its direct link can be reached; observed: its IP address; round_trip_s: how long log-in took.
    """
    complaint = fault(request.name)
    if complaint is not None:
        yield Send(session, Refused("", "bad_name", complaint))
        yield Close(session, None)
        return
    world.enrolling[session] = (round_trip_s, observed)
    enrol = Enrol(request.name, bytes.fromhex(request.key), "device", addresses)
    yield Submit(enrol, Asked(session, None, request))


def registered(
    world: World, session: SessionNumber, request: Register, write: Enrol, outcome: Outcome
) -> Iterator[Effect]:
    """The store has settled whose name it is."""
    pending = world.enrolling.pop(session, None)
    match outcome:
        case NotGranted():
            yield Send(session, Refused("", outcome.code, TEXTS[outcome.code]))
            yield Close(session, None)
        case Enrolled():
            client = world.clients.get(outcome.client)
            if client is None:
                client = Client(outcome.client, write.name, write.key, write.kind, write.addresses)
                world.add_client(client)
            client.addresses = write.addresses
            world.touch(client)
            if pending is None:
                return  # the connection was closed before its answer
            if client.session is not None:
                yield from _replace(world, client.session)
            client.online = True
            yield from _log_in(world, client, session, request, pending)
        case _:
            raise AssertionError(outcome)


def _log_in(
    world: World, client: Client, session: SessionNumber, request: Register, pending: tuple[float, str]
) -> Iterator[Effect]:
    round_trip_s, observed = pending
    path = RoundTrip(world.settings.ack_timeout_s)
    path.sample(round_trip_s)
    client.session = session
    world.sessions[session] = Session(session, client.number, path)
    world.watched.pop(client.number, None)
    group = world.group_of(client)
    group_id = None if group is None else group.id
    text_bytes_max = world.settings.text_bytes_max
    yield Send(session, Welcome(client.name, session, world.boot_text, group_id, text_bytes_max, observed))
    yield from _whole_roster(world, session, request.roster)
    yield from heads_for(world, world.sessions[session], set(world.groups))
    yield Tell("registered", client.name)


def _replace(world: World, session: SessionNumber) -> Iterator[Effect]:
    del world.sessions[session]
    yield Halt(session)
    yield Close(session, "replaced")


def _whole_roster(world: World, session: SessionNumber, known: tuple[str, int]) -> Iterator[Effect]:
    """What differs from the roster that the client has; all of it, if that was another process's."""
    boot, version = known
    same = boot == world.boot_text
    changed = [client for client in world.clients.values() if not same or client.version > version]
    for message in _pages(world, changed, full=not same):
        yield Send(session, message)


def _pages(world: World, clients: list[Client], *, full: bool) -> Iterator[Roster]:
    rows = tuple(world.roster_row(client) for client in clients)
    for start in range(0, max(1, len(rows)), PAGE_ROWS_MAX):
        page = rows[start : start + PAGE_ROWS_MAX]
        more = start + PAGE_ROWS_MAX < len(rows)
        yield Roster(world.boot_text, world.roster_version, full and start == 0, page, more)


def tell_roster(world: World, now: Now) -> Iterator[Effect]:
    """The rows that changed since the last time, to everybody, when the interval is over."""
    if world.roster_told == world.roster_version or now.clock_s < world.roster_due:
        return
    changed = [client for client in world.clients.values() if client.version > world.roster_told]
    world.roster_told = world.roster_version
    world.roster_due = now.clock_s + world.roster_interval_s()
    for message in _pages(world, changed, full=False):
        yield SendAll(message)
    yield Tell("broadcast")


def dereg(world: World, client: Client, request: Dereg, now: Now) -> Refused | Leave:
    """Only one's own name; in a group or not."""
    name = fold(request.name)
    if name not in world.names:
        return Refused(request.id, "no_such_name", "Nobody has that name.")
    if name != client.name:
        return Refused(request.id, "not_yours", "You can only deregister yourself.")
    return _departure(world, client, "deregistered", now)


def reported(world: World, session: SessionNumber, request: Report, now: Now) -> Iterator[Effect]:
    """Somebody got no ack from `request.name`: the server looks for itself, and deregisters it if it is silent."""
    number = world.names.get(fold(request.name))
    if number is None:
        yield Send(session, Refused(request.id, "no_such_name", "Nobody has that name."))
        return
    watch_reported(world, world.clients[number], now)
    yield Send(session, Done(request.id))


def leaving(world: World, session: SessionNumber, now: Now) -> Submit:
    """The silent leave."""
    client = world.client_of(session)
    return Submit(_departure(world, client, "silent", now), Asked(session, client.number, Leaving()))


def removal(world: World, client: Client, now: Now) -> Submit:
    """All probes unanswered: out of the group, and offline."""
    return Submit(_departure(world, client, "unresponsive", now), Asked(client.session, client.number, None))


def _departure(world: World, client: Client, reason: LeaveReason, now: Now) -> Leave:
    # Going offline is the same done once or twice, so it needs no id of the client's to be repeated safely.
    return Leave(client.number, world.own_id(), now.at, None, reason)


_FAREWELL: dict[LeaveReason, ByeReason] = {
    "deregistered": "deregistered",
    "silent": "left",
    "unresponsive": "unresponsive",
}


def departed(
    world: World, client: Client, session: SessionNumber | None, write: Leave, outcome: Outcome, now: Now
) -> Iterator[Effect]:
    """The store has settled that the client is in no group; now it is offline too."""
    if isinstance(outcome, Appended):
        yield from left_group(world, client, write, outcome, now)
    if session != client.session:  # it has come back with another session in the meantime, and goes on with that
        if client.session is not None and isinstance(outcome, Appended):
            yield Send(client.session, Removed(world.groups[outcome.group].id, write.reason))
        return
    client.online = False
    world.touch(client)
    world.watched.pop(client.number, None)
    yield Tell("deregistered", client.name)
    if session is not None:
        del world.sessions[session]
        client.session = None
        yield Close(session, _FAREWELL[write.reason])


def closed(world: World, session: SessionNumber, now: Now) -> Iterator[Effect]:
    """The connection is gone: the client has as long to come back as a silent one has to answer."""
    world.enrolling.pop(session, None)
    state = world.sessions.pop(session, None)
    if state is None:
        return
    client = world.clients[state.client]
    client.session = None
    world.watched[client.number] = Watch(now.clock_s + silence_limit_s(world, state), world.settings.probes)
    yield Halt(session)
