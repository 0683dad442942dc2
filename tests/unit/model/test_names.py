import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.model.limits import NAME_BYTES_MAX, NAME_CHARACTERS_MAX
from chatapp.model.names import fault, fold
from chatapp.model.shown import shown

BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
any_text = st.text(st.characters(), max_size=40)
likely = st.text(st.characters(categories=["L", "Nd", "Mn", "Mc"]) | st.sampled_from("-_./ \u200d\u202e"), max_size=8)
names = (any_text | likely).map(fold).filter(lambda name: fault(name) is None)


@given(any_text)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aysha", "aysha"),
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ﬁn", "fin"),
        ("ｓａｎａ", "sana"),
        ("e\u0301", "é"),
        ("\u212b", "å"),
        ("①", "1"),
    ],
)
def test_what_looks_the_same_is_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    "name", ["aysha", "j.-p_2", "josé", "саша", "سنا", "सना", "ไก่", "a", "7", "x" * NAME_CHARACTERS_MAX]
)
def test_names_that_people_have(name: str) -> None:
    assert fault(name) is None


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "a name can't be empty"),
        ("x" * (NAME_CHARACTERS_MAX + 1), f"a name has at most {NAME_CHARACTERS_MAX} characters"),
        ("Aysha", "a name is written in lower case"),
        ("-rf", "a name begins with a letter or a digit"),
        ("..", "a name begins with a letter or a digit"),
        ("\u0301a", "a name begins with a letter or a digit"),
        ("a b", "a name has letters, digits, '-', '_' and '.' only"),
        ("a/b", "a name has letters, digits, '-', '_' and '.' only"),
        ("a\u200db", "a name has letters, digits, '-', '_' and '.' only"),
        ("a\u202eb", "a name has letters, digits, '-', '_' and '.' only"),
        ("a😀", "a name has letters, digits, '-', '_' and '.' only"),
        ("a\ud800", "a name has letters, digits, '-', '_' and '.' only"),
    ],
)
def test_names_that_cannot_be(name: str, complaint: str) -> None:
    assert fault(name) == complaint


@given(names)
def test_what_can_be_is_its_own_folding_and_within_the_limits(name: str) -> None:
    assert fold(name) == name
    assert 1 <= len(name) <= NAME_CHARACTERS_MAX
    assert len(name.encode()) <= NAME_BYTES_MAX


@given(names)
def test_nothing_in_a_name_is_misread_by_a_terminal_a_path_or_a_command_line(name: str) -> None:
    assert shown(name) == name
    assert not any(unicodedata.bidirectional(character) in BIDI_CONTROLS for character in name)
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Cn") for character in name)
    assert name == "".join(name.split())
    assert not set(name) & set("/\\:*?\"'`<>|$&;!#%(){}[]~^@,=+\0")
    assert name[0] not in "-._"


@given(any_text)
def test_any_other_text_is_refused_with_a_reason(text: str) -> None:
    complaint = fault(text)

    assert complaint is None or complaint.startswith("a name ")


INVISIBLE = [
    "\u034f",  # combining grapheme joiner
    "\u115f",  # Hangul fillers
    "\u1160",
    "\u17b4",  # Khmer inherent vowels
    "\u180b",  # Mongolian free variation selector
    "\ufe0f",  # variation selectors
    "\U000e0100",
]
"""Default_Ignorable_Code_Point (Unicode, DerivedCoreProperties) among letters and marks: nothing is shown for them."""


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_two_names_that_look_the_same_are_not_both_allowed(character: str) -> None:
    """`sana` and `sana` with something invisible in it."""
    name = fold(f"sa{character}na")

    assert name == "sana" or fault(name) is not None


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_a_name_can_be_seen(character: str) -> None:
    assert fault(fold(character)) is not None
