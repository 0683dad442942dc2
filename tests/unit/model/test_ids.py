import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.model.errors import ProtocolViolation
from chatapp.model.ids import RequestId, parse_id
from chatapp.model.limits import COUNTER_MAX, INSTALLATION_BITS

installations = st.integers(0, (1 << INSTALLATION_BITS) - 1)
counters = st.integers(1, COUNTER_MAX)
ids = st.builds(RequestId, installations, counters)


def is_id(text: str) -> bool:
    try:
        return str(parse_id(text)) == text
    except ProtocolViolation:
        return False


@given(ids)
def test_what_was_written_is_read(request_id: RequestId) -> None:
    assert parse_id(str(request_id)) == request_id


@given(ids, ids)
def test_they_are_ordered_within_an_installation(one: RequestId, other: RequestId) -> None:
    assert (one < other) == ((one.installation, one.counter) < (other.installation, other.counter))
    assert (str(one) == str(other)) == (one == other)


@given(st.text(max_size=40) | st.from_regex(r"[0-9a-f]{15,17}-[0-9]{0,17}", fullmatch=True))
def test_no_other_text_is_one(text: str) -> None:
    """One id has one text: else a retry could miss its first answer."""
    if is_id(text):
        assert str(parse_id(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000000000000000a",
        "000000000000000a-",
        "000000000000000a-0",
        "000000000000000a-01",
        "000000000000000a--1",
        "000000000000000a-1 ",
        "000000000000000a-1\n",
        "000000000000000A-1",
        "00000000000000a-1",
        "8000000000000000-1",
        f"000000000000000a-{COUNTER_MAX + 1}",
        "000000000000000a-9999999999999999",
        "000000000000000a-٣",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ProtocolViolation, match="bad_id"):
        parse_id(text)


def test_the_largest() -> None:
    largest = RequestId((1 << INSTALLATION_BITS) - 1, COUNTER_MAX)

    assert str(largest) == "7fffffffffffffff-9007199254740991"
    assert parse_id(str(largest)) == largest
