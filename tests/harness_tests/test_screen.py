"""The screen is what a terminal would show, and lines are what the program printed."""

import pyte

from harness.screen import Screen


def fed(text: str, columns: int = 20, rows: int = 4) -> Screen:
    screen = Screen(columns, rows)
    pyte.ByteStream(screen).feed(text.encode())
    return screen


def test_lines_and_the_cursor() -> None:
    screen = fed("one\r\ntwo  \r\n>>> ")
    assert screen.rows() == ["one", "two", ">>>"]
    assert screen.text_lines() == (["one", "two", ">>>"], 2)


def test_what_scrolls_away_is_kept() -> None:
    screen = fed("".join(f"{number}\r\n" for number in range(10)))
    assert screen.rows() == ["7", "8", "9"]
    assert screen.text_lines() == ([*map(str, range(10)), ""], 10)


def test_a_wrapped_line_is_one_line_even_when_half_of_it_scrolled_away() -> None:
    long = "a line of more than forty characters, in three rows"
    screen = fed(f"{long}\r\nnext\r\n>>> ")
    assert screen.rows() == ["forty characters, in", " three rows", "next", ">>>"]
    assert screen.text_lines() == ([long, "next", ">>>"], 2)


def test_a_line_that_just_fills_a_row_does_not_join_the_next() -> None:
    assert fed("12345678901234567890\r\nnext").text_lines()[0] == ["12345678901234567890", "next"]


def test_what_was_erased_does_not_wrap() -> None:
    screen = fed("a prompt longer than a row\x1b[A\r\x1b[Jshort\r\nnext")
    assert screen.text_lines() == (["short", "next"], 1)


def test_joiners_selectors_and_marks_stay_with_their_characters() -> None:
    text = "👩‍👩‍👧 ❤️ é नि x"
    assert fed(text).rows() == [text]


def test_a_wide_character_does_not_split_at_the_edge() -> None:
    screen = fed("1234567890123456789漢字")
    assert screen.rows() == ["1234567890123456789", "漢字"]
    assert screen.text_lines()[0] == ["1234567890123456789漢字"]


def test_another_program_starts_below() -> None:
    screen = fed("one\r\n\x1b[31mtwo\r\n")
    screen.scroll_away()
    assert screen.rows() == []
    assert screen.text_lines() == (["one", "two", ""], 2)
