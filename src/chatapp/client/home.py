"""Where a name's things are on this device: `<data>/<server id>/<name>/archive.db`, beside the known servers.

Filed by the server's id, not by its address: a new address of a known server is the same server.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from chatapp.client.archive import Archive
from chatapp.client.private_archive import PrivateArchive
from chatapp.identity.known_servers import KnownServers
from chatapp.model.errors import ChatappError
from chatapp.store.database import DirectoryLock
from chatapp.store.directory import data_directory, hold

P = ParamSpec("P")
T = TypeVar("T")


class ArchiveInUse(ChatappError):
    """Another process on this device has this name on this server."""


def known_servers(data: str) -> KnownServers:
    """The servers that this device has seen. Raises CannotStart."""
    return KnownServers(data_directory(data, "client") / "known-servers.json")


class Home:
    """An open archive and the thread that it lives in. Raises ArchiveInUse, CannotStart."""

    def __init__(self, data: str, server_id: str, name: str) -> None:
        path = data_directory(str(data_directory(data, "client") / server_id / name), "")
        try:
            self._lock = hold(path)
        except DirectoryLock.Held:
            raise ArchiveInUse(name) from None
        self.path: Path = path
        self.archive = Archive(path / "archive.db")
        self.private = PrivateArchive(self.archive)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls the archive's function in its thread, after all that was asked before; the disk may be slow."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """Waits for what is under way, and gives the archive back."""
        self._thread.shutdown()
        self.archive.close()
        self._lock.release()
