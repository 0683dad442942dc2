"""The interface of every store (its writes, guards and outcomes: `core.writes`)."""

from collections.abc import Sequence
from typing import Protocol

from chatapp.core.snapshot import Snapshot, StoredEntry
from chatapp.core.writes import Outcome, Write
from chatapp.model.ids import ClientNumber, GroupNumber


class Store(Protocol):
    """`commit` is called from one thread, `entries` and `mentions` from another; each may block."""

    def load(self) -> Snapshot:
        """What the store holds, before the first commit."""
        ...

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Makes the writes durable together. Raises StorageFailed: then none of them happened."""
        ...

    def entries(self, group: GroupNumber, after: int, entries_max: int, bytes_max: int) -> list[StoredEntry]:
        """Entries after that number, at least one if there is one, up to both bounds. Raises StorageFailed."""
        ...

    def mentions(self, client: ClientNumber, group: GroupNumber, after: int) -> int:
        """How many entries after that number mention the client. Raises StorageFailed."""
        ...

    def close(self) -> None:
        """Ends the connections; what was committed stays."""
        ...
