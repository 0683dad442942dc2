import asyncio
from collections.abc import AsyncIterator

import pytest

from chatapp.model.limits import CATCH_UP_BYTES_MAX, LINK_BUFFER_BYTES_MAX
from chatapp.model.messages import Bye, Done, Entry
from chatapp.protocol.codec import frame
from chatapp.server.links import Link

from .other_end import OtherEnd, other_ends

LONG = frame(Entry("skii", 1, 0, "aysha", "a-1", "text", "x" * CATCH_UP_BYTES_MAX))


@pytest.fixture
async def end() -> AsyncIterator[OtherEnd]:
    async with other_ends(1) as (end,):
        yield end


async def test_what_is_sent_together_is_flushed_once_and_in_order(end: OtherEnd) -> None:
    scheduled: list[Link] = []
    for re in "abc":
        end.link.send(frame(Done(re)), scheduled.append)
    end.link.flush()
    end.link.flush()
    await end.reads_up_to(Done("c"))

    assert scheduled == [end.link]
    assert end.got == [Done("a"), Done("b"), Done("c")]


class TestProgress:
    """Protocol 5.6 (c): a send buffer that drains is progress."""

    async def test_nothing_to_send_is_none(self, end: OtherEnd) -> None:
        assert not end.link.has_drained()
        assert not end.link.has_drained()

    async def test_a_buffer_that_stands_still_is_none(self, end: OtherEnd) -> None:
        for _ in range(8):
            end.link.write(LONG)
        end.link.has_drained()

        assert not end.link.has_drained()

    async def test_a_buffer_that_drains_is_some(self, end: OtherEnd) -> None:
        for _ in range(8):
            end.link.write(LONG)
        end.link.has_drained()
        await end.reads_until(1)

        assert end.link.has_drained()
        assert not end.link.has_drained()

    async def test_a_buffer_that_drains_and_is_filled_again_is_some(self, end: OtherEnd) -> None:
        """Somebody on a slow link in a lively group: bytes leave all the time, and the buffer is always full."""
        for _ in range(8):
            end.link.write(LONG)
        end.link.has_drained()
        await end.reads_until(1)
        for _ in range(4):
            end.link.write(LONG)

        assert end.link.has_drained()

    async def test_a_buffer_that_is_empty_again_is_none(self, end: OtherEnd) -> None:
        """A client that hangs, in a lively group: something is always on the way, and its kernel takes it."""
        end.link.write(frame(Done("a")))
        end.link.has_drained()
        await end.reads_up_to(Done("a"))

        assert not end.link.has_drained()


class TestLife:
    """Protocol 5.6 (c): any byte is progress, of a long message too, whose end is far."""

    @pytest.fixture
    def clock_s(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        clock_s = [1000.0]
        monkeypatch.setattr("chatapp.server.links.monotonic", lambda: clock_s[0])
        return clock_s

    async def test_silence_is_no_sign_of_it(self, end: OtherEnd, clock_s: list[float]) -> None:
        for _ in range(5):
            clock_s[0] += 0.5
            assert not end.link.shows_life()

    async def test_bytes_that_have_come_since_are(self, end: OtherEnd, clock_s: list[float]) -> None:
        end.link.shows_life()
        for _ in range(5):
            clock_s[0] += 0.5
            end.sent_bytes += 1
            assert end.link.shows_life()
        clock_s[0] += 0.5
        assert not end.link.shows_life()

    async def test_bytes_from_before_this_silence_are_not(self, end: OtherEnd, clock_s: list[float]) -> None:
        """Else who has died would have a time-out more."""
        end.link.shows_life()
        end.sent_bytes += 1
        clock_s[0] += 60

        assert not end.link.shows_life()

    async def test_a_buffer_that_drains_is(self, end: OtherEnd, clock_s: list[float]) -> None:
        end.link.write(LONG * 8)
        end.link.shows_life()
        await end.reads()

        assert end.link.shows_life()


class TestBounds:
    async def test_who_takes_nothing_of_what_it_asked_for_is_closed(self, end: OtherEnd) -> None:
        written = 0
        while not end.link.is_closing:
            end.link.send(LONG, lambda link: None)
            end.link.flush()
            written += len(LONG)

        assert LINK_BUFFER_BYTES_MAX < written < LINK_BUFFER_BYTES_MAX + 8 * len(LONG)
        assert end.transport.get_write_buffer_size() == 0

    async def test_room_is_waited_for_until_it_drains(self, end: OtherEnd) -> None:
        end.link.write(LONG * 8)
        waiting = asyncio.create_task(end.link.wait_for_room())
        while end.link.is_full:
            assert not waiting.done()
            await end.reads()

        await waiting

    async def test_nobody_waits_for_room_in_a_link_that_closes(self, end: OtherEnd) -> None:
        end.link.write(LONG * 8)
        end.transport.close()

        await end.link.wait_for_room()


class TestClosing:
    async def test_bye_is_the_last_word_to_who_still_reads(self, end: OtherEnd) -> None:
        while end.transport.get_write_buffer_size() == 0:
            end.link.write(frame(Done("a")) * 1000)
        end.link.send(frame(Done("b")), lambda link: None)
        await end.link.close_with("stopping")
        await end.reads_all()

        assert end.got[-2:] == [Done("b"), Bye("stopping")]

    async def test_who_is_far_behind_is_not_waited_for(self, end: OtherEnd) -> None:
        end.link.write(LONG * 8)
        await end.link.close_with("unresponsive")

        assert end.link.is_closing
        assert end.transport.get_write_buffer_size() == 0
