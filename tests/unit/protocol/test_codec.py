from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.model.errors import ProtocolViolation
from chatapp.model.limits import COUNTER_MAX
from chatapp.model.messages import Alive, Done, FromClient, FromServer, Message, Request, SendGroup
from chatapp.protocol.codec import decode_from_client, decode_from_server, encode, encoded_text_bytes, frame

texts = st.text()
FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(0, COUNTER_MAX),
    float: st.floats(0, 60),
    tuple[str, int]: st.tuples(texts, st.integers(0, COUNTER_MAX)),
}


def whole(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Messages of that type with all their fields."""
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name[0] != "_"}
    return st.builds(kind, **{name: FIELDS.get(hint, st.from_type(hint)) for name, hint in hints.items()})


FROM_CLIENT: list[type[Message]] = list(get_args(FromClient))
FROM_SERVER: list[type[Message]] = list(get_args(FromServer))
from_client = st.one_of([whole(kind) for kind in FROM_CLIENT])
from_server = st.one_of([whole(kind) for kind in FROM_SERVER])


def is_message(payload: str | bytes) -> bool:
    """Whether it decodes; if it doesn't, that is the peer's fault and nobody else's."""
    try:
        decode_from_client(payload)
    except ProtocolViolation:
        return False
    return True


class TestRoundTrip:
    @given(from_client)
    def test_what_a_client_says(self, message: Message) -> None:
        assert decode_from_client(encode(message)) == message
        assert decode_from_client(encode(message).decode()) == message

    @given(from_server)
    def test_what_the_server_says(self, message: Message) -> None:
        assert decode_from_server(encode(message)) == message

    def test_every_type_has_its_own_word(self) -> None:
        words = [kind.__struct_config__.tag for kind in FROM_CLIENT + FROM_SERVER]

        assert len(set(words)) == len(words)
        assert {"send_group", "register", "alive", "welcome", "entry"} <= set(words)

    @given(from_server)
    def test_a_client_does_not_speak_as_the_server(self, message: Message) -> None:
        assert not is_message(encode(message))


class TestWhatIsNoMessage:
    @given(st.binary(max_size=200))
    def test_random_bytes(self, payload: bytes) -> None:
        is_message(payload)

    @given(st.text(st.characters(), max_size=200))
    def test_random_text(self, payload: str) -> None:
        is_message(payload)

    @given(from_client, st.data())
    def test_a_message_that_was_cut_changed_or_lengthened(self, message: Message, data: st.DataObject) -> None:
        payload = encode(message)
        at = data.draw(st.integers(0, len(payload) - 1))
        assert not is_message(payload[:at])
        assert not is_message(payload + b"x")
        is_message(payload[:at] + data.draw(st.binary(max_size=3)) + payload[at + 1 :])

    @pytest.mark.parametrize(
        "payload",
        [
            "",
            "null",
            "[]",
            "{}",
            '"alive"',
            '{"n":1}',
            '{"t":"alive"}',
            '{"t":"alive","n":"1"}',
            '{"t":"alive","n":1.5}',
            '{"t":"alive","n":1e999}',
            '{"t":"alive","n":NaN}',
            '{"t":"alive","n":true}',
            '{"t":"Alive","n":1}',
            '{"t":"shutdown","n":1}',
            '{"t":1,"n":1}',
            '{"t":"alive","n":1}{"t":"alive","n":1}',
            '{"t":"send_group","id":"","group":"","body":null}',
        ],
    )
    def test_what_is_not_of_the_protocol(self, payload: str) -> None:
        """Unknown types are refused."""
        assert not is_message(payload)

    @pytest.mark.parametrize(
        "body",
        [
            b"\xff",
            b"\xc3",
            b"\xed\xa0\x80",
            b"\xf5\x80\x80\x80",
            b"\xc0\xaf",
            rb"\ud800",
            rb"\udc00\ud800",
            b"\n",
            b"\\x",
        ],
        ids=ascii,
    )
    def test_a_text_that_is_none(self, body: bytes) -> None:
        """Invalid UTF-8 and lone surrogates."""
        assert not is_message(b'{"t":"send_group","id":"","group":"","body":"' + body + b'"}')

    def test_a_lone_surrogate_in_a_decoded_frame(self) -> None:
        assert not is_message('{"t":"send_group","id":"","group":"","body":"\ud800"}')

    @pytest.mark.parametrize("opening", ["[", '{"x":'])
    @pytest.mark.parametrize("depth", [100, 10_000, 500_000])
    def test_a_field_nested_without_end(self, opening: str, depth: int) -> None:
        is_message('{"t":"alive","n":1,"x":' + opening * depth)
        closing = {"[": "]", '{"x":': "}"}[opening]
        is_message('{"t":"alive","n":1,"x":' + opening * depth + "1" + closing * depth + "}")

    def test_a_number_without_end(self) -> None:
        is_message('{"t":"alive","n":' + "9" * 1_000_000 + "}")


def test_unknown_fields_are_ignored() -> None:
    assert decode_from_client('{"t":"alive","from":"the future","n":7,"more":[{"x":null}]}') == Alive(7)
    assert decode_from_server('{"re":"a-1","t":"done","why":{}}') == Done("a-1")


class TestFrame:
    """RFC 6455, 5.2: one unmasked text frame."""

    @pytest.mark.parametrize("size", [100, 125, 126, 65_535, 65_536, 1 << 20])
    def test_its_length_is_written_in_the_shortest_form(self, size: int) -> None:
        empty = SendGroup("i", "g", "")
        message = SendGroup("i", "g", "x" * (size - len(encode(empty))))
        payload, rest = unframed(frame(message))

        assert decode_from_client(payload) == message
        assert (len(payload), rest) == (size, b"")

    @given(st.lists(from_server, max_size=5))
    def test_joined_frames_come_apart_again(self, messages: list[Message]) -> None:
        assert [decode_from_server(payload) for payload in payloads(b"".join(map(frame, messages)))] == messages


def unframed(data: bytes) -> tuple[bytes, bytes]:
    """The first frame's payload, and what follows it."""
    assert data[0] == 0x81, "final, text"
    size, begin = data[1], 2
    assert size < 128, "not masked"
    if size == 126:
        size, begin = int.from_bytes(data[2:4], "big"), 4
        assert size > 125
    elif size == 127:
        size, begin = int.from_bytes(data[2:10], "big"), 10
        assert size > 65535
    return data[begin : begin + size], data[begin + size :]


def payloads(data: bytes) -> Iterator[bytes]:
    while data:
        payload, data = unframed(data)
        yield payload


class TestEncodedLength:
    @given(texts)
    def test_is_what_a_text_adds_to_its_frame(self, text: str) -> None:
        """Protocol 7.1: the limit counts the encoded frame."""
        empty, full = (len(encode(SendGroup("i", "g", body))) for body in ("", text))

        assert encoded_text_bytes(text) == full - empty

    @pytest.mark.parametrize(("text", "size"), [("a", 1), ("\n", 2), ('"', 2), ("\x00", 6), ("é", 2), ("😀", 4)])
    def test_of_one_character(self, text: str, size: int) -> None:
        assert encoded_text_bytes(text) == size


def test_every_request_has_an_id() -> None:
    assert all("id" in get_type_hints(kind) for kind in FROM_CLIENT if issubclass(kind, Request))
