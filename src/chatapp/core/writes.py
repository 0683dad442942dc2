"""What the core asks of the store, and what it gets back.

A store is one writer that takes a batch of writes and makes them durable together, in order. Each write carries its
own guard, which the store settles inside the transaction, so that the answer is true whoever else writes: the name is
free, the client is a member, the client is in no group, the id is new. A guard that doesn't hold refuses its write
alone. Numbers are given inside the transaction too: a group's entries are 1, 2, 3 … without gaps.
"""

from dataclasses import dataclass
from typing import Literal

from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import Kind, LeaveReason


# -- writes -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Enrol:
    """A client comes to the roster, or comes back with other addresses. Guard: the name is free, or has this key."""

    name: str
    key: bytes
    kind: Kind
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Create:
    """Entry 1 of a new group. Guards: id new, name free, client in no group."""

    client: ClientNumber
    id: RequestId
    at: int
    name: str
    group_id: str


@dataclass(frozen=True, slots=True)
class Position:
    """The newest entry of a group that a client's archive holds: its number and its id."""

    seq: int
    id: RequestId


@dataclass(frozen=True, slots=True)
class Join:
    """A `joined` entry, unless the client is a member already. Guards: id new, group exists, client in no other group.

    held: what the client has of the log. If the log has another entry there, or none (an older image of the disk came
    back), the group's log epoch goes up by one.
    """

    client: ClientNumber
    id: RequestId
    at: int
    group: str
    held: Position | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """A `left` entry. Guards: id new, client a member of `group`, or of any where group is None."""

    client: ClientNumber
    id: RequestId
    at: int
    group: GroupNumber | None
    reason: LeaveReason


@dataclass(frozen=True, slots=True)
class Say:
    """A `text` entry. Guards: id new, client a member. mentions: whom the text names, to be counted for them."""

    client: ClientNumber
    id: RequestId
    at: int
    group: GroupNumber
    body: str
    mentions: tuple[ClientNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepCursors:
    """Cursors, (client, group, seq), stored lazily."""

    rows: tuple[tuple[ClientNumber, GroupNumber, int], ...]


Write = Enrol | Create | Join | Leave | Say | KeepCursors
Append = Create | Join | Leave | Say


# -- outcomes, one for each write, in order ---------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Enrolled:
    """The client's row."""

    client: ClientNumber


@dataclass(frozen=True, slots=True)
class Appended:
    """The entry is durable at that number. repeated: it was already, from the first time this id came."""

    group: GroupNumber
    seq: int
    at: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """The client is a member. seq: its `joined` entry's number, or None if it was a member already; repeated: this id
    has come before; epoch: the group's log epoch now; holds: what the client held is what the log has."""

    group: GroupNumber
    seq: int | None
    at: int
    repeated: bool
    epoch: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """The cursors are stored."""


@dataclass(frozen=True, slots=True)
class NotGranted:
    """A guard didn't hold."""

    code: Literal["name_taken", "group_exists", "no_such_group", "in_group", "not_member", "id_conflict"]


Outcome = Enrolled | Appended | Entered | Kept | NotGranted
