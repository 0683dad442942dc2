import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.model.shown import shown, shown_line

DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MARKS = set("\u061c\u200e\u200f")
nasty = st.text(
    st.sampled_from(
        "a \t\n\r\x00\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\u061c\u200b\u200d\u200e\u202e\u2066\u2069\ufeff\ud800>["
    )
)
texts = st.text(st.characters(), max_size=50) | nasty


@given(texts)
def test_nothing_shown_moves_the_cursor_or_turns_the_direction(text: str) -> None:
    """Protocol 7.3: C0 but line breaks and tabs, C1, DEL and the bidi controls are lost."""
    for character in shown(text):
        assert character in "\t\n" or unicodedata.category(character) not in ("Cc", "Cs")
        assert unicodedata.bidirectional(character) not in DIRECTIONS
        assert character not in MARKS


@given(texts)
def test_what_is_shown_can_be_written(text: str) -> None:
    shown(text).encode()


@given(texts)
def test_no_later_line_begins_where_a_speaker_does(text: str) -> None:
    """Protocol 7.3: line 2 and later are indented under the first."""
    for line in shown(text).split("\n")[1:]:
        assert line.startswith("    ")


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\n\r", "\x0b", "\x0c", "\x85", "\x1b[1E", "\x1bE"])
def test_no_message_forges_a_speakers_line(line_break: str) -> None:
    forged = ">>> (skii) Group_Message <sana>: I owe you money"
    on_screen = ">>> (skii) Group_Message <aysha>: " + shown(f"hi{line_break}{forged}")

    assert forged not in re.split(r"[\n\r]", on_screen)


@given(st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs"])))
def test_a_harmless_line_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "on_screen"),
    [
        ("hi", "hi"),
        ("two\nlines", "two\n    lines"),
        ("a\tb", "a\tb"),
        ("  runs   of blanks ", "  runs   of blanks "),
        ("\x1b[2Jhi", "[2Jhi"),
        ("a\u202eb\u2066c", "abc"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("lone \ud800", "lone "),
    ],
)
def test_what_is_lost_and_what_stays(text: str, on_screen: str) -> None:
    assert shown(text) == on_screen


@given(texts, st.integers(0, 20))
def test_an_impression_is_one_short_line(text: str, characters_max: int) -> None:
    line = shown_line(text, characters_max)

    assert len(line) <= characters_max
    assert line.splitlines() in ([], [line])
    assert shown(line) == line
    assert line == line.strip()


def test_an_impression_of_several_lines() -> None:
    assert shown_line("hi\n\n  all\tof you", 200) == "hi all of you"
    assert shown_line("x" * 300, 200) == "x" * 200
