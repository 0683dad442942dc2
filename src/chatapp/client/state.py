"""What the client knows, and what follows from what it hears. Pure: the reducer of every face.

`State` has the roster, the group one is in, focus, held messages and receipts. Each function takes what happened and
returns the events that a face should be told. Focus: while in a group one hears that group; private messages are held.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatapp.client.events import (
    Event,
    HeldChanged,
    KeyChanged,
    NotYetReceived,
    PrivateCame,
    ReceivedByAll,
    Said,
    TableChanged,
)
from chatapp.client.private import Received
from chatapp.model.limits import NAMED_RECEIPTS_MAX, TEXT_BYTES_MAX
from chatapp.model.messages import Cursors, Entry, HeadRow, Joined, Roster, RosterRow

_AWAITED_MAX = 1000
"""Own messages whose receipts are followed; cursors are cumulative, so older ones matter less than newer."""


@dataclass(slots=True)
class Awaited:
    """An own message: its number, when it is overdue, and who was a member (names, or their count in a large group)."""

    seq: int
    due: float
    names: frozenset[str]
    count: int


@dataclass(slots=True)
class GroupState:
    """The group one is in. members: name to cursor; counts: (cursor, members), in a large group."""

    id: str
    name: str
    epoch: int
    position: int
    head: int
    count: int
    members: dict[str, int]
    counts: tuple[tuple[int, int], ...]
    ack_delay_s: float
    awaited: deque[Awaited] = field(default_factory=lambda: deque(maxlen=_AWAITED_MAX))
    reported: Awaited | None = None
    reported_names: frozenset[str] = frozenset()


@dataclass(slots=True)
class State:
    """One name's view. changed: names whose key isn't the one pinned; held: private messages that wait.

    table_changed: names came or went, or nobody was told of the table yet.
    """

    name: str
    roster: dict[str, RosterRow] = field(default_factory=dict)
    roster_version: tuple[str, int] = ("", 0)
    table_changed: bool = True
    pins: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    group: GroupState | None = None
    heads: dict[str, HeadRow] = field(default_factory=dict)
    held: list[Received] = field(default_factory=list)
    text_bytes_max: int = TEXT_BYTES_MAX


# -- people -----------------------------------------------------------------------------------------------------
def roster_came(state: State, roster: Roster) -> list[Event]:
    """Rows of the roster: somebody came or went, or has another key than the one pinned."""
    before = {name: row.status for name, row in state.roster.items()}
    if roster.full:
        state.roster = {}
    state.roster_version = (roster.boot, roster.version)
    events: list[Event] = []
    for row in roster.rows:
        state.roster[row.name] = row
        pinned = state.pins.setdefault(row.name, row.key)
        if pinned == row.key:
            state.changed.pop(row.name, None)
        elif state.changed.get(row.name) != row.key:
            state.changed[row.name] = row.key
            events.append(KeyChanged(row.name))
    state.table_changed |= {name: row.status for name, row in state.roster.items()} != before
    if state.table_changed and not roster.more:
        state.table_changed = False
        events.insert(0, TableChanged())
    return events


def name_of_key(state: State, key: str) -> str | None:
    """Whose trusted key that is."""
    return next((name for name, pinned in state.pins.items() if pinned == key and name not in state.changed), None)


# -- the group --------------------------------------------------------------------------------------------------
def joined(state: State, answer: Joined) -> None:
    """One is a member: from here on, entries tell who comes and goes."""
    members = dict(answer.members)
    state.group = GroupState(
        answer.group,
        answer.name,
        answer.epoch,
        answer.start,
        answer.head,
        answer.count,
        members,
        (),
        answer.ack_delay_s,
    )
    state.heads.pop(answer.group, None)


def left(state: State) -> list[Event]:
    """One isn't a member any more: what was held is shown, in order."""
    state.group = None
    held, state.held = state.held, []
    return [PrivateCame(received) for received in held]


def entries_came(state: State, entries: Sequence[Entry], receipt_due: float) -> list[Event]:
    """Consecutive entries, stored already; receipt_due: when an own message among them should be with everybody."""
    events: list[Event] = []
    group = state.group
    assert group is not None
    for entry in entries:
        group.position = entry.seq
        if entry.seq > group.head:
            group.head = entry.seq
            _follow_members(group, entry)
        if entry.kind == "text" and entry.by == state.name:
            group.awaited.append(Awaited(entry.seq, receipt_due, frozenset(group.members), group.count))
        events.append(Said(entry))
    if state.name in group.members:
        group.members[state.name] = group.position  # this archive is the one that has it
    return events


def _follow_members(group: GroupState, entry: Entry) -> None:
    """The members at the head: those that `joined` named, and who came and went since."""
    if entry.kind == "joined":
        group.count += 1
        if group.count <= NAMED_RECEIPTS_MAX:
            group.members[entry.by] = 0  # one that comes back may be far behind: its acks say how far it is
    elif entry.kind == "left":
        group.count -= 1
        group.members.pop(entry.by, None)


def cursors_came(state: State, cursors: Cursors) -> list[Event]:
    """Receipts; never backwards."""
    group = state.group
    if group is None or group.id != cursors.group:
        return []
    group.ack_delay_s = cursors.ack_delay_s
    for name, seq in cursors.named:
        group.members[name] = max(seq, group.members.get(name, 0))
    if cursors.counts:
        group.counts = cursors.counts
    while group.awaited and not _missing(group, group.awaited[0])[1]:
        group.awaited.popleft()
    reported = group.reported
    if reported is not None and not _missing(group, reported)[1]:
        group.reported, group.reported_names = None, frozenset()
        return [ReceivedByAll(reported.count)]
    return []


def receipts_overdue(state: State, now: float) -> list[Event]:
    """Whether somebody hasn't acknowledged an own message in time; each person is reported once."""
    group = state.group
    if group is None:
        return []
    newest: Awaited | None = None
    for awaited in group.awaited:
        if awaited.due > now:
            break
        newest = awaited
    if newest is None:
        return []
    names, count = _missing(group, newest)
    while group.awaited and group.awaited[0].seq <= newest.seq:
        group.awaited.popleft()
    if count == 0:
        return []
    if names:
        names = names.intersection(group.members)  # who has left isn't a member any more
        if not names:
            return []
    group.reported = newest
    if names and names <= group.reported_names:
        return []
    group.reported_names |= names
    return [NotYetReceived(tuple(sorted(names)), count)]


def next_receipt_due(state: State) -> float | None:
    """When `receipts_overdue` should be asked next."""
    return state.group.awaited[0].due if state.group is not None and state.group.awaited else None


def _missing(group: GroupState, awaited: Awaited) -> tuple[frozenset[str], int]:
    """Who was a member and hasn't acknowledged it: names, or only how many in a large group."""
    if len(awaited.names) == awaited.count:
        names = frozenset(name for name in awaited.names if group.members.get(name, 0) < awaited.seq)
        return names, len(names)
    return frozenset(), sum(members for cursor, members in group.counts if cursor < awaited.seq)


# -- private messages -------------------------------------------------------------------------------------------
def private_came(state: State, received: Received) -> list[Event]:
    """Stored already. Held in a group, else shown."""
    if received.state != "held":
        return [PrivateCame(received)]
    state.held.append(received)
    return [held_event(state)]


def held_event(state: State) -> HeldChanged:
    """How many wait, and from whom."""
    return HeldChanged(len(state.held), tuple(dict.fromkeys(received.sender for received in state.held)))
