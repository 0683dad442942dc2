"""Is somebody still there? Only who owes an ack, was reported, or whose connection closed, is asked (protocol 5.6).

A watch begins when a member's cursor is behind the head: it has one time-out to ack, then each unanswered probe costs
another. Any byte from the client ends the watch; if it still owes, the next look begins a new one. A watch never
ends in removal while the silence may have been our own: a stall restarts every clock.
"""

from collections.abc import Iterator

from chatapp.core.effects import Effect, Send
from chatapp.core.now import Now
from chatapp.core.world import Client, Session, Watch, World
from chatapp.model.ids import ClientNumber, SessionNumber
from chatapp.model.messages import Probe
from chatapp.model.timing import RoundTrip


def silence_limit_s(world: World, session: Session | None) -> float:
    """How long somebody may be silent before removal: the time-out of an ack, and those of all probes."""
    path = session.round_trip if session is not None else RoundTrip(world.settings.ack_timeout_s)
    return path.timeout_s * (1 + world.settings.probes)


def heard(world: World, session: SessionNumber) -> None:
    """A byte came from the client, or its send buffer drained: it is there."""
    world.watched.pop(world.sessions[session].client, None)


def alive(world: World, session: SessionNumber, n: int, now: Now) -> None:
    """The client answered a probe."""
    state = world.sessions[session]
    if state.probe is not None and state.probe[0] == n:
        state.round_trip.sample(now.clock_s - state.probe[1])
        state.probe = None


def watch_who_is_behind(world: World, now: Now) -> None:
    """Begins a watch for each member whose cursor is behind its group's head and who isn't watched yet."""
    for number in list(world.growing):
        group = world.groups[number]
        since = now.clock_s if group.grown_at is None else group.grown_at
        group.grown_at = now.clock_s
        behind = [client for client in group.members if group.cursors[client] < group.head]
        for member in behind:
            session = world.clients[member].session
            if session is not None and member not in world.watched:
                timeout_s = world.sessions[session].round_trip.timeout_s + group.ack_delay_s(world.settings)
                world.watched[member] = Watch(since + timeout_s, 0)
        if not behind:
            world.growing.discard(number)
            group.grown_at = None


def watch_reported(world: World, client: Client, now: Now) -> None:
    """Somebody reported the client silent: it is probed at once, unless a sequence of probes is on its way already."""
    if client.session is not None and client.number not in world.watched:
        world.watched[client.number] = Watch(now.clock_s, 0)


def overdue(world: World, now: Now) -> list[ClientNumber]:
    """Those whose time-out is over."""
    return [number for number, watch in world.watched.items() if watch.due <= now.clock_s]


def probe(world: World, client: Client, now: Now) -> Iterator[Effect]:
    """The time-out is over, and nothing was heard: asks again. Only while probes are left."""
    watch = world.watched[client.number]
    assert client.session is not None
    session = world.sessions[client.session]
    watch.probes += 1
    watch.due = now.clock_s + session.round_trip.timeout_s
    world.counter += 1
    session.probe = (world.counter, now.clock_s)
    yield Send(session.number, Probe(world.counter))


def is_given_up(world: World, client: Client) -> bool:
    """Whether no probe is left, so that the next thing is removal."""
    return client.session is None or world.watched[client.number].probes >= world.settings.probes


def restart_clocks(world: World, now: Now) -> None:
    """Our own loop or store stood still: nobody's silence up to now counts."""
    for number, watch in world.watched.items():
        session = world.clients[number].session
        if session is None or watch.probes >= world.settings.probes:
            watch.due = max(watch.due, now.clock_s + silence_limit_s(world, None))
        else:
            watch.due = now.clock_s + world.sessions[session].round_trip.timeout_s
            watch.probes = 0
