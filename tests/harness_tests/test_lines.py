"""Lines come whole, in order, and each is found once."""

import re
import threading

import pytest

from harness.journal import SAID, Journal
from harness.lines import Lines
from harness.waiting import NotSeen


@pytest.fixture
def lines(journal: Journal) -> Lines:
    lines = Lines("aysha", SAID, journal)
    lines.open()
    return lines


def test_lines_are_cut_at_line_feeds_however_the_bytes_come(lines: Lines) -> None:
    for byte in "één\x85 line\nanother\n".encode():
        lines.feed(bytes([byte]))
    assert lines.all == ["één\x85 line", "another"]


def test_the_last_line_needs_no_line_feed(lines: Lines) -> None:
    lines.feed(b"one\ntwo")
    assert lines.all == ["one"]
    lines.close()
    assert lines.all == ["one", "two"]


def test_bytes_that_are_not_utf8_stay_visible(lines: Lines) -> None:
    lines.feed(b"\xff!\n")
    assert lines.all == ["\\xff!"]


def test_expect_reads_on_after_the_last_line_found(lines: Lines) -> None:
    lines.feed(b"one\ntwo\none\n")
    assert lines.expect("one", "one") == "one"
    lines.close()
    with pytest.raises(NotSeen, match=r"was to print\n    two\nand printed\n    \(nothing\)"):
        lines.expect("two")


def test_expect_waits_for_what_comes_later(lines: Lines) -> None:
    waiting = threading.Thread(target=lines.expect, args=("late",))
    waiting.start()
    lines.feed(b"early\nlate\n")
    waiting.join()
    assert lines.all == ["early", "late"]


def test_a_pattern_matches_a_whole_line(lines: Lines) -> None:
    lines.feed(b"key SHA256:12 remembered, or not\nkey SHA256:34 remembered\n")
    assert lines.expect(re.compile(r"key SHA256:\d+ remembered")) == "key SHA256:34 remembered"


def test_in_any_order_reads_on_after_the_last_of_them(lines: Lines) -> None:
    lines.feed(b"b\nx\na\nb\n")
    lines.expect_in_any_order("a", "b")
    assert lines.expect("b") == "b"


def test_a_failure_shows_what_came_since(lines: Lines) -> None:
    lines.feed(b"one\ntwo\nthree\nunfinished")
    lines.expect("one")
    with pytest.raises(NotSeen, match=r"aysha was to print\n    four\nand printed\n    two\n    three\n    unfinished"):
        lines.expect("four", patience_s=0)


def test_the_journal_has_every_line(lines: Lines, journal: Journal) -> None:
    lines.feed(b"hello\n" + b"x" * 1000 + b"\n")
    assert "aysha > hello" in journal.text()
    assert "and 840 more characters" in journal.text()
