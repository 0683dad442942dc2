"""Opening an SQLite file the way everything durable here is opened: WAL, synchronous=FULL, numbered schema.

`synchronous=NORMAL` lost acknowledged rows in every simulated power cut, FULL in none. SQLite comes with apsw: the one
that Python links is often of a version with a WAL corruption bug.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from pathlib import Path

import apsw

from chatapp.model.errors import CannotStart, ExitStatus, StorageFailed

_BUSY_TIMEOUT_MS = 5_000


@contextmanager
def failures_told(path: str) -> Iterator[None]:
    """Turns what SQLite, the disk or the kernel report into StorageFailed with the file's name."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise StorageFailed(f"{path}: {error}") from error


def open_database(path: Path, schema: Traversable) -> apsw.Connection:
    """Opens or makes the file and brings its schema up to date. Raises CannotStart, status 4."""
    try:
        connection = _connect(path)
        _upgrade(connection, path, schema)
        # What an earlier process left in the WAL goes into the file first, so that the log starts short.
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        return connection
    except (apsw.Error, OSError) as error:
        line = f"Error: cannot use {path}: {error}. Check the disk and its permissions, or choose another with --data."
        raise CannotStart(line, ExitStatus.STORAGE) from error


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    if sys.platform == "darwin":
        connection.execute(
            "pragma fullfsync=on; pragma checkpoint_fullfsync=on"
        )  # there fsync alone stops at the drive
    return connection


def _upgrade(connection: apsw.Connection, path: Path, schema: Traversable) -> None:
    """Applies the NNN_*.sql files whose number is above the file's `user_version`, each in its transaction."""
    steps = sorted(
        (int(match[1]), step) for step in schema.iterdir() if (match := re.match(r"(\d+)_.*\.sql$", step.name))
    )
    version = connection.pragma("user_version")
    newest = steps[-1][0]
    if version > newest:
        line = (
            f"Error: {path} was written by a newer chatapp (schema {version}, this one knows {newest}). "
            "Install that version again, or choose another directory with --data."
        )
        raise CannotStart(line, ExitStatus.STORAGE)
    for number, step in steps:
        if number > version:
            with connection:
                connection.execute(step.read_text())
                connection.pragma("user_version", number)


class DirectoryLock:
    """Held by one process at a time, given back by the kernel when that process ends, however it ends.

    SQLite's own file lock, since it works the same on every platform. Raises `Held` if another process has it.
    """

    class Held(Exception):
        """Another process holds the directory."""

    def __init__(self, directory: Path) -> None:
        self._connection = apsw.Connection(str(directory / "lock"))
        try:
            self._connection.execute("begin exclusive")
        except apsw.BusyError:
            self._connection.close()
            raise DirectoryLock.Held(str(directory)) from None

    def release(self) -> None:
        """Gives it back."""
        self._connection.close()
