"""What the store holds, as the core reads it: at a start, and when somebody reads a log."""

from dataclasses import dataclass

from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import EntryKind, Kind


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the log has it."""

    seq: int
    at: int
    client: ClientNumber
    id: RequestId
    kind: EntryKind
    body: str


@dataclass(frozen=True, slots=True)
class StoredClient:
    """A row of the roster as the store has it."""

    number: ClientNumber
    name: str
    key: bytes
    kind: Kind
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group as the store has it; cursors: of all who were ever in it; members: who is."""

    number: GroupNumber
    id: str
    name: str
    epoch: int
    head: int
    members: frozenset[ClientNumber]
    cursors: dict[ClientNumber, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that memory caches of the store, at a start."""

    clients: tuple[StoredClient, ...]
    groups: tuple[StoredGroup, ...]
