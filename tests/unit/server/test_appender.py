import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from chatapp.core.effects import Asked, Submit
from chatapp.core.writes import Appended, Create, Enrol, Join, NotGranted, Outcome, Say
from chatapp.model.errors import StorageFailed
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.limits import APPEND_QUEUE_BYTES_MAX, APPEND_QUEUE_WRITES_MAX, MIB
from chatapp.server.appender import Appender, Settled
from chatapp.store.sqlite import SqliteStore
from contract.full_disk import no_room_left

PATIENCE_S = 20.0
AYSHA, SKII = ClientNumber(1), GroupNumber(1)
MANY = 1 << 30
NOBODY = Asked(None, None, None)


class Desk:
    """An appender over a store where aysha is in skii, and what it brought back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = SqliteStore(path)
        create, join = Create(AYSHA, RequestId(1, 1), 1, "skii", "aa"), Join(AYSHA, RequestId(1, 2), 2, "skii")
        self.store.commit([Enrol("aysha", b"a" * 32, "device", ()), create, join])
        self.batches: list[list[tuple[Submit, Outcome | None]]] = []
        self.fault: Exception | None = None
        self.threads: set[threading.Thread] = set()
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._news = asyncio.Event()
        self.appender = Appender(self.store, self._settled, self.failure.set_result)

    def _settled(self, settled: Settled, seconds: float) -> None:
        if self.fault is not None:
            raise self.fault
        self.batches.append(list(settled))
        self.threads.add(threading.current_thread())
        self._news.set()

    @property
    def settled(self) -> list[tuple[Submit, Outcome | None]]:
        return [pair for batch in self.batches for pair in batch]

    def submits(self, submits: Iterable[Submit]) -> list[bool]:
        """Submits them; whether there was room before each."""
        had_room = []
        for submit in submits:
            had_room.append(self.appender.has_room)
            self.appender.submit(submit)
        return had_room

    async def has_settled(self, count: int) -> None:
        """Waits until so many are settled."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.settled) < count:
                self._news.clear()
                await self._news.wait()

    async def is_committing(self) -> None:
        """Waits until a commit is under way."""
        async with asyncio.timeout(PATIENCE_S):
            while self.appender.commit_takes_s() == 0:  # noqa: ASYNC110 - another thread begins it
                await asyncio.sleep(0)

    @contextmanager
    def busy_disk(self) -> Iterator[None]:
        """Somebody else holds the file: commits wait."""
        other = apsw.Connection(str(self.path))
        other.execute("begin immediate")
        try:
            yield
        finally:
            other.close()


def says(counter: int, body: str = "hi") -> Submit:
    return Submit(Say(AYSHA, RequestId(1, counter), counter, SKII, body), NOBODY)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(tmp_path / "server.db")
    yield desk
    await desk.appender.close()
    desk.store.close()


async def test_what_is_submitted_is_settled_in_order(desk: Desk) -> None:
    submits = [says(10 + n) for n in range(500)]
    for n, submit in enumerate(submits):
        desk.appender.submit(submit)
        if n % 50 == 0:
            await asyncio.sleep(0)
    await desk.has_settled(500)

    assert desk.settled == [(submit, Appended(SKII, 3 + n, 10 + n)) for n, submit in enumerate(submits)]
    assert [entry.seq for entry in desk.store.entries(SKII, 2, MANY, MANY)] == list(range(3, 503))
    assert desk.appender.unsettled == 0


async def test_outcomes_come_in_the_loops_thread(desk: Desk) -> None:
    desk.appender.submit(says(10))
    await desk.has_settled(1)

    assert desk.threads == {threading.current_thread()}


async def test_what_gathers_while_the_disk_is_busy_is_one_transaction(desk: Desk) -> None:
    """Group commit."""
    with desk.busy_disk():
        desk.appender.submit(says(10))
        await desk.is_committing()
        for n in range(100):
            desk.appender.submit(says(11 + n))
        assert desk.settled == []
        assert desk.appender.unsettled == 101
    await desk.has_settled(101)

    assert [len(batch) for batch in desk.batches] == [1, 100]


async def test_a_refused_write_is_settled_in_its_turn(desk: Desk) -> None:
    with desk.busy_disk():
        for submit in (says(10), says(10, "another text"), says(11)):
            desk.appender.submit(submit)
    await desk.has_settled(3)

    outcomes = [outcome for _, outcome in desk.settled]
    assert outcomes == [Appended(SKII, 3, 10), NotGranted("id_conflict"), Appended(SKII, 4, 11)]


class TestQuestions:
    """Nothing to write, and a place in the order all the same."""

    async def test_are_answered_at_once_when_nothing_waits(self, desk: Desk) -> None:
        question = Submit(None, NOBODY)
        desk.appender.submit(question)

        assert desk.settled == [(question, None)]

    async def test_see_all_that_was_submitted_before(self, desk: Desk) -> None:
        question = Submit(None, NOBODY)
        with desk.busy_disk():
            for submit in (says(10), question, says(11)):
                desk.appender.submit(submit)
            assert desk.settled == []
        await desk.has_settled(3)

        assert [outcome for _, outcome in desk.settled] == [Appended(SKII, 3, 10), None, Appended(SKII, 4, 11)]

    async def test_are_answered_in_the_order_of_their_asking(self, desk: Desk) -> None:
        questions = [Submit(None, Asked(None, ClientNumber(n), None)) for n in range(3)]
        with desk.busy_disk():
            for submit in (says(10), *questions):
                desk.appender.submit(submit)
        await desk.has_settled(4)

        assert [submit for submit, _ in desk.settled[1:]] == questions


class TestRoom:
    """When the queue is full, sockets aren't read."""

    async def test_for_so_many_writes(self, desk: Desk) -> None:
        with desk.busy_disk():
            had_room = desk.submits(says(10 + n) for n in range(APPEND_QUEUE_WRITES_MAX))
            assert had_room == [True] * APPEND_QUEUE_WRITES_MAX
            assert not desk.appender.has_room
        async with asyncio.timeout(PATIENCE_S):
            await desk.appender.wait_for_room()

        await desk.has_settled(APPEND_QUEUE_WRITES_MAX)

    async def test_for_so_many_bytes(self, desk: Desk) -> None:
        with desk.busy_disk():
            had_room = desk.submits(says(10 + n, "x" * MIB) for n in range(APPEND_QUEUE_BYTES_MAX // MIB))
            assert had_room == [True] * (APPEND_QUEUE_BYTES_MAX // MIB)
            assert not desk.appender.has_room
        async with asyncio.timeout(PATIENCE_S):
            await desk.appender.wait_for_room()

        await desk.has_settled(APPEND_QUEUE_BYTES_MAX // MIB)


class TestTheEnd:
    async def test_settles_what_was_submitted(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path / "server.db")
        for n in range(100):
            desk.appender.submit(says(10 + n))
        await desk.appender.close()

        assert len(desk.settled) == 100
        desk.store.close()

    async def test_of_one_that_had_nothing_to_do(self, tmp_path: Path) -> None:
        desk = Desk(tmp_path / "server.db")
        await desk.appender.close()

        assert desk.settled == []
        desk.store.close()

    async def test_by_a_fault_of_ours(self, desk: Desk) -> None:
        """Who is told the outcomes fails: from here on memory would be behind the store."""
        desk.fault = fault = RuntimeError("ours")
        desk.appender.submit(says(10))
        async with asyncio.timeout(PATIENCE_S):
            assert await desk.failure is fault

    async def test_by_a_full_disk(self, desk: Desk) -> None:
        """Nothing of that batch is settled, nor anything after it."""
        desk.appender.submit(says(10))
        await desk.has_settled(1)
        with no_room_left(1 * MIB):
            desk.appender.submit(says(11, "x" * 2 * MIB))
            async with asyncio.timeout(PATIENCE_S):
                failure = await desk.failure
        desk.appender.submit(says(12))
        await desk.appender.close()

        assert isinstance(failure, StorageFailed)
        assert len(desk.settled) == 1
        assert [entry.seq for entry in desk.store.entries(SKII, 0, MANY, MANY)] == [1, 2, 3]
