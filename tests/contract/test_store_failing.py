"""A commit that fails: StorageFailed, and nothing of the batch is there. A file that is no use: one line, status 4."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import apsw
import pytest

from chatapp.core.writes import Appended, Create, Enrol, Entered, Join, Say, Write
from chatapp.model.errors import CannotStart, ExitStatus, StorageFailed
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.store.base import Store
from chatapp.store.database import open_database
from chatapp.store.sqlite import SqliteStore

from .full_disk import no_room_left

OpenStore = Callable[[Path], Store]
AYSHA, SKII = ClientNumber(1), GroupNumber(1)
MANY = 1 << 30


def says(counter: int, body: str) -> Say:
    return Say(AYSHA, RequestId(1, counter), counter, SKII, body)


def says_until_it_fails(store: Store) -> int:
    """How many messages were acknowledged."""
    for n in range(1000):
        try:
            store.commit([says(3 + n, "x" * 10_000)])
        except StorageFailed:
            return n
    raise AssertionError("it never failed")


BEGIN: list[Write] = [
    Enrol("aysha", b"a" * 32, "device", ()),
    Create(AYSHA, RequestId(1, 1), 1, "skii", "aa"),
    Join(AYSHA, RequestId(1, 2), 2, "skii"),
]


class TestDiskFull:
    def test_nothing_of_the_batch_is_there(self, open_store: OpenStore, tmp_path: Path) -> None:
        store = open_store(tmp_path)
        store.commit(BEGIN)
        before = store.load(), store.entries(SKII, 0, MANY, MANY)
        with no_room_left(1 << 20), pytest.raises(StorageFailed):
            store.commit([says(3, "small"), says(4, "x" * (2 << 20)), says(5, "small")])

        assert (store.load(), store.entries(SKII, 0, MANY, MANY)) == before
        store.close()
        again = open_store(tmp_path)
        assert (again.load(), again.entries(SKII, 0, MANY, MANY)) == before
        again.close()

    def test_what_was_acknowledged_before_is_found_again(self, open_store: OpenStore, tmp_path: Path) -> None:
        store = open_store(tmp_path)
        store.commit(BEGIN)
        with no_room_left(1 << 20):
            acknowledged = says_until_it_fails(store)

        assert acknowledged
        store.close()
        again = open_store(tmp_path)
        assert len(again.entries(SKII, 2, MANY, MANY)) == acknowledged
        assert again.commit([says(3 + acknowledged, "room again")]) == [
            Appended(SKII, 3 + acknowledged, 3 + acknowledged)
        ]
        again.close()

    def test_the_refused_are_not_failures(self, open_store: OpenStore, tmp_path: Path) -> None:
        store = open_store(tmp_path)
        outcomes = store.commit([*BEGIN, *BEGIN])

        assert [type(outcome) for outcome in outcomes[2:]] == [Entered, type(outcomes[0]), Appended, Entered]
        store.close()


class TestSqliteFile:
    def test_of_a_newer_version(self, tmp_path: Path) -> None:
        path = tmp_path / "server.db"
        SqliteStore(path).close()
        newer = apsw.Connection(str(path))
        newer.pragma("user_version", 99)
        newer.close()
        content = path.read_bytes()

        with pytest.raises(CannotStart) as refusal:
            SqliteStore(path)
        assert refusal.value.status == ExitStatus.STORAGE
        assert refusal.value.line == (
            f"Error: {path} was written by a newer chatapp (schema 99, this one knows 1). "
            "Install that version again, or choose another directory with --data."
        )
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        "content", [b"this is a text file, and not a short one", b"SQLite format 3\x00" + b"\xff" * 4096]
    )
    def test_that_is_something_else(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "server.db"
        path.write_bytes(content)

        with pytest.raises(CannotStart) as refusal:
            SqliteStore(path)
        assert refusal.value.status == ExitStatus.STORAGE
        assert refusal.value.line.startswith(f"Error: cannot use {path}: ")
        assert "\n" not in refusal.value.line
        assert path.read_bytes() == content

    def test_that_is_a_directory(self, tmp_path: Path) -> None:
        (tmp_path / "server.db").mkdir()
        with pytest.raises(CannotStart) as refusal:
            SqliteStore(tmp_path / "server.db")
        assert refusal.value.status == ExitStatus.STORAGE

    def test_has_nothing_of_a_batch_that_failed_for_a_fault_of_ours(self, tmp_path: Path) -> None:
        store = SqliteStore(tmp_path / "server.db")
        store.commit(BEGIN)
        with pytest.raises(OverflowError):
            store.commit([says(3, "hi"), Say(AYSHA, RequestId(1, 4), 1 << 70, SKII, "hi")])

        assert [entry.seq for entry in store.entries(SKII, 0, MANY, MANY)] == [1, 2]
        assert store.commit([says(5, "hi")]) == [Appended(SKII, 3, 5)]
        store.close()

    def test_is_durable_at_every_commit(self, tmp_path: Path) -> None:
        """WAL, synchronous=FULL: NORMAL lost acknowledged rows in every simulated power cut."""
        connection = open_database(tmp_path / "server.db", files("chatapp.store") / "schema")
        assert connection.pragma("journal_mode") == "wal"
        assert connection.pragma("synchronous") == 2
        connection.close()

    def test_after_a_crash_what_was_committed_is_there(self, tmp_path: Path) -> None:
        """The files as they lie on the disk while the store is open: what a kill -9 leaves."""
        store = SqliteStore(tmp_path / "server.db")
        store.commit([*BEGIN, says(3, "hi")])
        crashed = tmp_path / "crashed"
        crashed.mkdir()
        for name in ("server.db", "server.db-wal"):
            (crashed / name).write_bytes((tmp_path / name).read_bytes())
        store.close()
        again = SqliteStore(crashed / "server.db")

        assert [entry.body for entry in again.entries(SKII, 0, MANY, MANY)] == ["skii", "", "hi"]
        assert (crashed / "server.db-wal").stat().st_size == 0, "each start begins with a short log"
        again.close()
