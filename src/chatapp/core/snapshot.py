"""What the store holds, as the core reads it: at a start, and when somebody reads a log."""

import msgspec

from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import EntryKind, Kind


class StoredEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry as the log has it."""

    seq: int
    at: int
    client: ClientNumber
    id: RequestId
    kind: EntryKind
    body: str


class StoredClient(msgspec.Struct, frozen=True, gc=False):
    """A row of the roster as the store has it."""

    number: ClientNumber
    name: str
    key: bytes
    kind: Kind
    addresses: tuple[str, ...]


class StoredGroup(msgspec.Struct, frozen=True, gc=False):
    """A group as the store has it; cursors: of all who were ever in it; members: who is."""

    number: GroupNumber
    id: str
    name: str
    epoch: int
    head: int
    members: frozenset[ClientNumber]
    cursors: dict[ClientNumber, int]


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """All that memory caches of the store, at a start."""

    clients: tuple[StoredClient, ...]
    groups: tuple[StoredGroup, ...]
