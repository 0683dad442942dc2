"""Cursors: acks move them, receipts tell how far they are, heads tell who is outside that a group grew."""

from collections import Counter
from collections.abc import Iterator

from chatapp.core.effects import Asked, Effect, SendHeads, SendMembers, Submit
from chatapp.core.now import Now
from chatapp.core.world import Group, Session, World
from chatapp.core.writes import KeepCursors
from chatapp.model.errors import ProtocolViolation
from chatapp.model.ids import ClientNumber, GroupNumber
from chatapp.model.limits import CURSORS_SAVED_EVERY_S, HEADS_INTERVAL_S, NAMED_RECEIPTS_MAX, RECEIPT_BUCKETS_MAX
from chatapp.model.messages import Ack, Cursors, HeadRow


def acknowledged(world: World, session: Session, ack: Ack, now: Now) -> None:
    """The client's archive holds the group's entries up to that number. Raises ProtocolViolation beyond the head."""
    client = world.clients[session.client]
    group = world.group_of(client)
    if group is None or group.id != ack.group:
        return  # it left while its ack was on the way
    if ack.seq > group.head or ack.seq < 0:
        raise ProtocolViolation("bad_ack", f"entry {ack.seq} isn't there")
    if ack.seq > group.cursors[client.number]:
        advance(world, group, client.number, ack.seq)


def advance(world: World, group: Group, client: ClientNumber, seq: int) -> None:
    """Moves a member's cursor forward, to be told and stored in time."""
    group.cursors[client] = seq
    group.moved.add(client)
    world.receipts.add(group.number)
    world.cursors.add((client, group.number))


def tell_receipts(world: World, now: Now) -> Iterator[Effect]:
    """For each group whose cursors moved, one push to its members, at most once an ack delay."""
    for number in list(world.receipts):
        group = world.groups[number]
        if now.clock_s < group.receipts_due:
            continue
        delay_s = group.ack_delay_s(world.settings)
        group.receipts_due = now.clock_s + delay_s
        world.receipts.discard(number)
        if len(group.members) <= NAMED_RECEIPTS_MAX:
            named = tuple((world.clients[client].name, group.cursors[client]) for client in group.moved)
            yield SendMembers(number, Cursors(group.id, named, (), delay_s))
        else:
            yield SendMembers(number, Cursors(group.id, (), _counts(group), delay_s))
        group.moved.clear()


def _counts(group: Group) -> tuple[tuple[int, int], ...]:
    """(cursor, members) in order, few enough; neighbours are joined at the lower cursor, so that nothing is
    claimed that isn't stored."""
    counts = sorted(Counter(group.cursors[client] for client in group.members).items())
    width = -(-len(counts) // RECEIPT_BUCKETS_MAX)
    return tuple(
        (counts[start][0], sum(members for _, members in counts[start : start + width]))
        for start in range(0, len(counts), width)
    )


def tell_heads(world: World, now: Now) -> Iterator[Effect]:
    """To those outside who have a cursor in a group that grew: how far it is, and never a text."""
    if not world.heads or now.clock_s < world.heads_due:
        return
    world.heads_due = now.clock_s + HEADS_INTERVAL_S
    grown, world.heads = world.heads, set()
    for session in world.sessions.values():
        yield from heads_for(world, session, grown)


def heads_for(world: World, session: Session, groups: set[GroupNumber]) -> Iterator[Effect]:
    """The heads of those groups for one session, if it has a cursor there and isn't in."""
    rows = []
    for number in groups:
        group = world.groups[number]
        cursor = group.cursors.get(session.client)
        if cursor is not None and session.client not in group.members:
            rows.append((number, HeadRow(group.id, group.name, group.head, cursor, 0)))
    if rows:
        yield SendHeads(session.number, session.client, tuple(rows))


def keep_cursors(world: World, now: Now) -> Iterator[Effect]:
    """Stores the cursors that moved; lazily, since an old one only means a second delivery."""
    if not world.cursors or now.clock_s < world.cursors_due:
        return
    world.cursors_due = now.clock_s + CURSORS_SAVED_EVERY_S
    moved, world.cursors = world.cursors, set()
    rows = tuple((client, group, world.groups[group].cursors[client]) for client, group in moved)
    yield Submit(KeepCursors(rows), Asked(None, None, None))
