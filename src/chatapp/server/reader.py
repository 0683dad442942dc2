"""Reads of the log, beside the writer: one thread, so that the store's reading connection has one user."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from chatapp.core.snapshot import StoredEntry
from chatapp.model.ids import ClientNumber, GroupNumber
from chatapp.store.base import Store


class LogReader:
    """Asks the store without holding the loop. Raises StorageFailed, as the store does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="log reader")

    async def entries(self, group: GroupNumber, after: int, entries_max: int, bytes_max: int) -> list[StoredEntry]:
        """See `Store.entries`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._store.entries, group, after, entries_max, bytes_max)

    async def mentions(self, client: ClientNumber, group: GroupNumber, after: int) -> int:
        """See `Store.mentions`."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._store.mentions, client, group, after
        )

    def close(self) -> None:
        """Waits for the read that is under way."""
        self._thread.shutdown(cancel_futures=True)
