import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.model.ids import SessionNumber
from chatapp.model.limits import CATCH_UP_BYTES_MAX, CATCH_UP_ENTRIES_MAX, TAIL_BYTES_MAX
from chatapp.model.messages import Done, Entry, Probe
from chatapp.protocol.codec import frame

from .other_end import OtherEnd, other_ends
from .room import MARKER, OTHER, RECEIPTS, SKII, Room


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    room = Room()
    yield room
    await room.tasks.close()
    assert room.deaths == []


@pytest.fixture
async def ends() -> AsyncIterator[list[OtherEnd]]:
    async with other_ends(3) as ends:
        yield ends


async def loop_turns(count: int = 3) -> None:
    """Lets everything that is ready happen."""
    for _ in range(count):
        await asyncio.sleep(0)


def written_to(end: OtherEnd, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is written to the transport from now on, a write at a time."""
    writes: list[bytes] = []
    write = end.transport.write

    def noted(data: bytes) -> None:
        writes.append(data)
        write(data)

    monkeypatch.setattr(end.transport, "write", noted)
    return writes


class TestLevelReaders:
    async def test_everybody_gets_each_entry_once_in_order(self, room: Room, ends: list[OtherEnd]) -> None:
        for end in ends:
            room.lets_in(end)
        for _ in range(50):
            room.says()
            await loop_turns(1)

        for end in ends:
            await end.reads_until(50)
            assert end.seqs == list(range(1, 51))
        assert room.counts.deliveries == 150

    async def test_what_comes_in_one_iteration_leaves_in_one_write(
        self, room: Room, ends: list[OtherEnd], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Encode once, join once, one write for each reader."""
        for end in ends:
            room.lets_in(end)
        await loop_turns()
        writes = [written_to(end, monkeypatch) for end in ends]
        for _ in range(64):
            room.says()
        await loop_turns()

        assert [len(ones) for ones in writes] == [1, 1, 1]
        assert writes[0][0] is writes[1][0] is writes[2][0]

    async def test_an_answer_comes_before_the_entries_that_follow_it(self, room: Room, ends: list[OtherEnd]) -> None:
        room.says()
        room.fanout.send(ends[0].link, frame(Done("joined")))
        room.lets_in(ends[0])
        room.says()
        await ends[0].reads_until(2)

        assert [type(message).__name__ for message in ends[0].got] == ["Done", "Entry", "Entry"]

    async def test_other_groups_stay_among_themselves(self, room: Room, ends: list[OtherEnd]) -> None:
        inside, outside, elsewhere = ends
        room.lets_in(inside)
        room.fanout.deliver(elsewhere.link, OTHER, 0, 0)
        room.says("a secret")
        room.fanout.send_members(SKII, frame(RECEIPTS))
        for end in ends:
            room.marks(end)
            await end.reads_up_to(MARKER)

        assert outside.got == elsewhere.got == [MARKER]
        await inside.reads_until(1)


class TestReadersBehind:
    @pytest.mark.parametrize("after", [0, 1, 4, 5])
    async def test_begin_where_they_are(self, room: Room, ends: list[OtherEnd], after: int) -> None:
        for _ in range(5):
            room.says()
        room.lets_in(ends[0], after)
        room.says()
        await ends[0].reads_until(6)

        assert ends[0].seqs == list(range(after + 1, 7))

    async def test_get_what_comes_while_the_log_is_read_for_them(self, room: Room, ends: list[OtherEnd]) -> None:
        for _ in range(5):
            room.says()
        room.disk.clear()
        room.lets_in(ends[0])
        await loop_turns()
        for _ in range(5):
            room.says()
            await loop_turns(1)
        room.disk.set()
        await ends[0].reads_until(10)
        room.says()
        await ends[0].reads_until(11)

        assert ends[0].seqs == list(range(1, 12))

    async def test_get_their_answer_first_whoever_else_is_behind(self, room: Room, ends: list[OtherEnd]) -> None:
        level, behind, joining = ends
        room.lets_in(level)
        room.says()
        room.says()
        await level.reads_until(2)
        room.lets_in(behind)
        room.fanout.send(joining.link, frame(Done("joined")))
        room.lets_in(joining)
        await joining.reads_until(2)

        assert [type(message).__name__ for message in joining.got] == ["Done", "Entry", "Entry"]

    async def test_read_a_long_log_in_pieces(self, room: Room, ends: list[OtherEnd]) -> None:
        for _ in range(CATCH_UP_ENTRIES_MAX * 3):
            room.commits()
        room.lets_in(ends[0])
        await ends[0].reads_until(CATCH_UP_ENTRIES_MAX * 3)

        assert ends[0].seqs == list(range(1, CATCH_UP_ENTRIES_MAX * 3 + 1))
        assert room.reads == room.counts.catch_ups == 3

    async def test_get_nothing_that_is_not_settled_yet(self, room: Room, ends: list[OtherEnd]) -> None:
        """Protocol 6.5: what was committed after somebody's removal, in the same transaction, lies in the log before
        the removal is settled here. A read of the log must not run ahead of the group's head."""
        room.says("for everybody")
        room.disk.clear()
        room.lets_in(ends[0])
        await loop_turns()
        room.commits("the reader is removed by this one")
        room.commits("not for the reader")
        room.disk.set()
        await loop_turns(10)
        room.fanout.halt(ends[0].link.number)
        room.marks(ends[0])
        await ends[0].reads_up_to(MARKER)

        assert [entry.body for entry in ends[0].entries] == ["for everybody"]

    async def test_are_told_how_far_the_others_are(self, room: Room, ends: list[OtherEnd]) -> None:
        """`send_members`: a frame for every reader of the group; a reader that is full is spared. Receipts are told
        once, and who is behind has written, too, and waits for them."""
        for _ in range(5):
            room.says()
        room.disk.clear()
        room.lets_in(ends[0])
        await loop_turns()
        room.fanout.send_members(SKII, frame(RECEIPTS))
        room.disk.set()
        await ends[0].reads_until(5)
        room.marks(ends[0])
        await ends[0].reads_up_to(MARKER)

        assert RECEIPTS in ends[0].got


class TestSlowReaders:
    """Nothing is queued for a reader: one whose buffer is full falls behind, and reads from the log as it drains."""

    @pytest.mark.parametrize("pieces", [20, 120], ids=["from memory", "from the log"])
    async def test_hold_nobody_up_and_miss_nothing(self, room: Room, ends: list[OtherEnd], pieces: int) -> None:
        quick, slow, _ = ends
        room.lets_in(quick)
        room.lets_in(slow)
        await loop_turns()
        for seq in range(1, pieces + 1):
            room.says("x" * CATCH_UP_BYTES_MAX)
            await quick.reads_until(seq)
            assert slow.transport.get_write_buffer_size() < 3 * CATCH_UP_BYTES_MAX
        assert slow.link.is_full
        assert slow.got == []

        while len(slow.entries) < pieces:
            await slow.reads()
            assert slow.transport.get_write_buffer_size() < 3 * CATCH_UP_BYTES_MAX
        room.says("at last")
        await slow.reads_until(pieces + 1)
        assert slow.seqs == [*quick.seqs[:pieces], pieces + 1]
        assert (room.reads > 0) == (pieces * CATCH_UP_BYTES_MAX > TAIL_BYTES_MAX)

    async def test_get_in_pieces_what_comes_at_once(self, room: Room, ends: list[OtherEnd]) -> None:
        room.lets_in(ends[0])
        await loop_turns()
        for _ in range(12):
            room.says("x" * CATCH_UP_BYTES_MAX)
        await loop_turns()
        assert ends[0].transport.get_write_buffer_size() < 3 * CATCH_UP_BYTES_MAX

        await ends[0].reads_until(12)
        assert ends[0].seqs == list(range(1, 13))

    async def test_that_leave_get_no_more_than_fits(self, room: Room, ends: list[OtherEnd]) -> None:
        quick, slow, _ = ends
        room.lets_in(quick)
        room.lets_in(slow)
        await loop_turns()
        for seq in range(1, 6):
            room.says("x" * CATCH_UP_BYTES_MAX)
            await quick.reads_until(seq)
        before = slow.transport.get_write_buffer_size()
        room.fanout.halt(slow.link.number)

        assert slow.transport.get_write_buffer_size() == before

    async def test_are_told_what_is_told_to_all(self, room: Room, ends: list[OtherEnd]) -> None:
        quick, slow, _ = ends
        room.lets_in(quick)
        room.lets_in(slow)
        await loop_turns()
        for seq in range(1, 6):
            room.says("x" * CATCH_UP_BYTES_MAX)
            await quick.reads_until(seq)
        room.fanout.send_members(SKII, frame(RECEIPTS))

        await slow.reads_up_to(RECEIPTS)  # receipts are differences: none may be missed


class TestHalt:
    """What its group has up to now is still written, if that is possible at once; and no more."""

    async def test_up_to_now(self, room: Room, ends: list[OtherEnd]) -> None:
        gone, staying, _ = ends
        for end in ends:
            room.lets_in(end)
        await loop_turns()
        room.says("before")
        room.fanout.halt(gone.link.number)
        room.says("after")
        await loop_turns()
        room.marks(gone)
        await gone.reads_up_to(MARKER)
        await staying.reads_until(2)

        assert [entry.body for entry in gone.entries] == ["before"]
        assert [entry.body for entry in staying.entries] == ["before", "after"]

    async def test_while_the_log_is_read_for_it(self, room: Room, ends: list[OtherEnd]) -> None:
        for _ in range(5):
            room.says()
        room.disk.clear()
        room.lets_in(ends[0])
        await loop_turns()
        room.fanout.halt(ends[0].link.number)
        room.disk.set()
        await loop_turns()
        room.marks(ends[0])
        await ends[0].reads_up_to(MARKER)

        assert ends[0].got == [MARKER]

    async def test_and_back_again_from_somewhere_else(self, room: Room, ends: list[OtherEnd]) -> None:
        for _ in range(5):
            room.says()
        room.lets_in(ends[0], 5)
        await loop_turns()
        room.fanout.halt(ends[0].link.number)
        room.says("while it was out")
        room.lets_in(ends[0], 3)
        await ends[0].reads_until(6)

        assert ends[0].seqs == [4, 5, 6]

    async def test_is_part_of_beginning_anew(self, room: Room, ends: list[OtherEnd]) -> None:
        for _ in range(5):
            room.says()
        room.lets_in(ends[0], 5)
        await loop_turns()
        room.lets_in(ends[0], 3)
        room.says()
        room.says()
        await ends[0].reads_until(7)
        room.marks(ends[0])
        await ends[0].reads_up_to(MARKER)

        assert ends[0].seqs == [4, 5, 6, 7]

    async def test_of_nobody(self, room: Room) -> None:
        room.fanout.halt(SessionNumber(99))

    async def test_a_connection_that_broke_is_written_to_no_more(self, room: Room, ends: list[OtherEnd]) -> None:
        broken, whole, _ = ends
        room.lets_in(broken)
        room.lets_in(whole)
        await loop_turns()
        broken.transport.abort()
        for _ in range(10):
            room.says()
            room.fanout.send_members(SKII, frame(RECEIPTS))
            await loop_turns(1)
        room.fanout.halt(broken.link.number)
        await whole.reads_until(10)

        assert whole.seqs == list(range(1, 11))


steps = st.lists(
    st.tuples(
        st.sampled_from(["says", "says more", "lets in", "halts", "turns", "reads"]),
        st.integers(0, 2),
        st.integers(0, 9),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_whatever_happens_everybody_reads_the_log_without_gaps_or_doubles(steps: list[tuple[str, int, int]]) -> None:
    async def run() -> None:
        room = Room()
        async with other_ends(3) as ends:
            starts: dict[int, int] = {}
            inside: dict[int, OtherEnd] = {}
            for run_number, (what, who, n) in enumerate(steps):
                end = ends[who]
                match what:
                    case "says":
                        room.says()
                    case "says more":
                        for _ in range(n):
                            room.says("x" * CATCH_UP_BYTES_MAX)
                    case "lets in":
                        room.fanout.halt(end.link.number)
                        room.fanout.send(end.link, frame(Probe(run_number)))
                        starts[run_number] = min(n, len(room.log))
                        room.lets_in(end, starts[run_number])
                        inside[who] = end
                    case "halts":
                        room.fanout.halt(end.link.number)
                        inside.pop(who, None)
                    case "turns":
                        await loop_turns(n)
                    case "reads" if end.transport.get_write_buffer_size():
                        await end.reads()
            room.says("the last")
            for end in inside.values():
                await end.reads_until(len(room.log))
            for end in ends:
                assert_no_gaps(end, starts)
        await room.tasks.close()
        assert room.deaths == []

    asyncio.run(run())


def assert_no_gaps(end: OtherEnd, starts: dict[int, int]) -> None:
    """Behind the probe that marks the begin of a run, the entries follow on its start."""
    expected = 0
    for message in end.got:
        if isinstance(message, Probe):
            expected = starts[message.n] + 1
        elif isinstance(message, Entry):
            assert message.seq == expected
            expected += 1
