"""What the core asks of the store, and what it gets back.

A store is one writer that takes a batch of writes and makes them durable together, in order. Each write carries its
own guard, which the store settles inside the transaction, so that the answer is true whoever else writes: the name is
free, the client is a member, the client is in no group, the id is new. A guard that doesn't hold refuses its write
alone. Numbers are given inside the transaction too: a group's entries are 1, 2, 3 … without gaps.
"""

from typing import Literal

import msgspec

from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import Kind, LeaveReason


# -- writes -----------------------------------------------------------------------------------------------------
class Enrol(msgspec.Struct, frozen=True, gc=False):
    """A client comes to the roster, or comes back with other addresses. Guard: the name is free, or has this key."""

    name: str
    key: bytes
    kind: Kind
    addresses: tuple[str, ...]


class Create(msgspec.Struct, frozen=True, gc=False):
    """Entry 1 of a new group. Guards: id new, name free, client in no group."""

    client: ClientNumber
    id: RequestId
    at: int
    name: str
    group_id: str


class Position(msgspec.Struct, frozen=True, gc=False):
    """The newest entry of a group that a client's archive holds: its number and its id."""

    seq: int
    id: RequestId


class Join(msgspec.Struct, frozen=True, gc=False):
    """A `joined` entry, unless the client is a member already. Guards: id new, group exists, client in no other group.

    held: what the client has of the log. If the log has another entry there, or none (an older image of the disk came
    back), the group's log epoch goes up by one.
    """

    client: ClientNumber
    id: RequestId
    at: int
    group: str
    held: Position | None = None


class Leave(msgspec.Struct, frozen=True, gc=False):
    """A `left` entry. Guards: id new, client a member of `group`, or of any where group is None."""

    client: ClientNumber
    id: RequestId
    at: int
    group: GroupNumber | None
    reason: LeaveReason


class Say(msgspec.Struct, frozen=True, gc=False):
    """A `text` entry. Guards: id new, client a member. mentions: whom the text names, to be counted for them."""

    client: ClientNumber
    id: RequestId
    at: int
    group: GroupNumber
    body: str
    mentions: tuple[ClientNumber, ...] = ()


class KeepCursors(msgspec.Struct, frozen=True, gc=False):
    """Cursors, (client, group, seq), stored lazily."""

    rows: tuple[tuple[ClientNumber, GroupNumber, int], ...]


Write = Enrol | Create | Join | Leave | Say | KeepCursors
Append = Create | Join | Leave | Say


# -- outcomes, one for each write, in order ---------------------------------------------------------------------
class Enrolled(msgspec.Struct, frozen=True, gc=False):
    """The client's row."""

    client: ClientNumber


class Appended(msgspec.Struct, frozen=True, gc=False):
    """The entry is durable at that number. repeated: it was already, from the first time this id came."""

    group: GroupNumber
    seq: int
    at: int
    repeated: bool = False


class Entered(msgspec.Struct, frozen=True, gc=False):
    """The client is a member. seq: its `joined` entry's number, or None if it was a member already; repeated: this id
    has come before; epoch: the group's log epoch now; holds: what the client held is what the log has."""

    group: GroupNumber
    seq: int | None
    at: int
    repeated: bool
    epoch: int
    holds: bool


class Kept(msgspec.Struct, frozen=True, gc=False):
    """The cursors are stored."""


class NotGranted(msgspec.Struct, frozen=True, gc=False):
    """A guard didn't hold."""

    code: Literal["name_taken", "group_exists", "no_such_group", "in_group", "not_member", "id_conflict"]


Outcome = Enrolled | Appended | Entered | Kept | NotGranted
