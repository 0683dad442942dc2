"""The direct link's bytes, without a link: every dialogue whole, cut anywhere, and broken (protocol section 9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.model.errors import ProtocolViolation
from chatapp.model.limits import COUNTER_MAX, DIRECT_CHUNK_BYTES_MAX, DIRECT_HEADER_BYTES_MAX
from chatapp.protocol.direct import (
    STEPS,
    PrivateAck,
    PrivateGo,
    PrivateHeader,
    PrivateMessage,
    PrivateRefused,
    Receiving,
    Sending,
    State,
    frame,
    take_frame,
)

ID = "00000000000000ab-1"
LONG = "x" * (DIRECT_CHUNK_BYTES_MAX + 1)
names = st.sampled_from(["aysha", "sana", "هايدر", "x" * 32])
ids = st.builds(lambda i, c: f"{i:016x}-{c}", st.integers(0, 2**63 - 1), st.integers(1, COUNTER_MAX))
messages = st.builds(PrivateMessage, ids, names, names, st.integers(0, COUNTER_MAX), st.text())
sizes = st.lists(st.integers(1, 40), min_size=1)


def message(body: str = "hello", id: str = ID) -> PrivateMessage:
    return PrivateMessage(id, "aysha", "sana", 1_700_000_000_000, body)


def header(size: int, *, id: str = ID, by: str = "aysha", at: int = 1) -> bytes:
    return frame(PrivateHeader(id, by, "sana", at, size))


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    """The bytes in pieces of those sizes, over and over."""
    found: list[bytes] = []
    start = 0
    while start < len(data):
        size = sizes[len(found) % len(sizes)]
        found.append(data[start : start + size])
        start += size
    return found


class Recipient:
    """A receiving end that takes every message, or refuses those with these ids by their header."""

    def __init__(self, *refused: str) -> None:
        self.receiving = Receiving()
        self.messages: list[PrivateMessage | PrivateRefused] = []
        self._refused = refused
        self._offer: PrivateHeader | None = None

    def hears(self, data: bytes) -> bytes:
        """Feeds the bytes; what the recipient says to them."""
        self.receiving.feed(data)
        said = b""
        while True:
            offer = self._offer
            match self.receiving.state:
                case State.HEADER:
                    self._offer = self.receiving.header()
                    if self._offer is None:
                        return said
                case State.OFFERED if offer is not None and offer.id in self._refused:
                    self.receiving.refuse()
                case State.OFFERED:
                    self.receiving.accept()
                    if offer is not None and offer.size > DIRECT_CHUNK_BYTES_MAX:
                        said += frame(PrivateGo(offer.id))
                case State.UNWANTED:
                    if self.receiving.discarded() is None:
                        return said
                    assert offer is not None
                    said += frame(PrivateRefused(offer.id, "no"))
                case State.BODY:
                    if (arrived := self.receiving.message()) is None:
                        return said
                    self.messages.append(arrived)
                    said += frame(arrived if isinstance(arrived, PrivateRefused) else PrivateAck(arrived.id, "shown"))
                case State.ARRIVED:
                    self.receiving.answered()


def converse(sent: PrivateMessage, recipient: Recipient, sizes: list[int]) -> PrivateAck | PrivateRefused:
    """One message over a wire that cuts everything into pieces of those sizes."""
    sending = Sending(sent)
    said = b"".join(recipient.hears(piece) for piece in pieces(sending.first(), sizes))
    while True:
        answers = [answer for piece in pieces(said, sizes) if (answer := sending.feed(piece)) is not None]
        match answers:
            case [PrivateGo()]:
                said = b"".join(recipient.hears(piece) for piece in sending.rest())
            case [PrivateAck() | PrivateRefused() as answer]:
                return answer
            case _:
                raise AssertionError(answers)


class TestTheDialogue:
    @given(st.lists(messages, min_size=1, max_size=4), sizes)
    def test_messages_arrive_as_they_were_sent_however_the_wire_cuts_them(
        self, sent: list[PrivateMessage], sizes: list[int]
    ) -> None:
        sana = Recipient()
        assert [converse(one, sana, sizes) for one in sent] == [PrivateAck(one.id, "shown") for one in sent]
        assert sana.messages == sent
        assert sana.receiving.is_idle

    @pytest.mark.parametrize("size", [0, 1, DIRECT_CHUNK_BYTES_MAX, DIRECT_CHUNK_BYTES_MAX + 1, 10 * 1024 * 1024])
    def test_a_text_of_any_size_arrives(self, size: int) -> None:
        sana = Recipient()
        assert converse(message("x" * size), sana, [DIRECT_CHUNK_BYTES_MAX]) == PrivateAck(ID, "shown")
        assert sana.messages == [message("x" * size)]

    def test_a_long_body_waits_until_it_is_wanted(self) -> None:
        assert Sending(message(LONG)).first() == header(len(LONG), at=message().at)
        assert Sending(message(LONG[1:])).first() == header(len(LONG[1:]), at=message().at) + LONG[1:].encode()

    @given(messages, messages, sizes)
    def test_a_refused_message_leaves_nothing_behind(
        self, refused: PrivateMessage, after: PrivateMessage, sizes: list[int]
    ) -> None:
        sana = Recipient(refused.id)
        assert converse(refused, sana, sizes) == PrivateRefused(refused.id, "no")
        if after.id != refused.id:
            assert converse(after, sana, sizes) == PrivateAck(after.id, "shown")
            assert sana.messages == [after]

    def test_a_refused_long_body_never_comes(self) -> None:
        sana = Recipient(ID)
        assert converse(message(LONG), sana, [1000]) == PrivateRefused(ID, "no")
        assert sana.receiving.is_idle

    def test_text_that_is_not_utf_8_is_refused_and_the_next_message_arrives(self) -> None:
        sana = Recipient()
        assert b"not_utf_8" in sana.hears(header(2) + b"\xc3\x28")
        assert converse(message(), sana, [7]) == PrivateAck(ID, "shown")
        assert sana.messages[1:] == [message()]


class TestTheReceivingEnd:
    @given(st.lists(st.binary(max_size=300)))
    def test_junk_is_a_violation_or_waits_for_more(self, junk: list[bytes]) -> None:
        sana = Recipient()
        try:
            for data in junk:
                sana.hears(data)
        except ProtocolViolation:
            assert sana.messages == []

    @given(messages, st.data())
    def test_a_spoilt_byte_does_no_other_harm(self, sent: PrivateMessage, data: st.DataObject) -> None:
        spoilt = bytearray(Sending(sent).first())
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= data.draw(st.integers(1, 255))
        sana = Recipient()
        try:
            sana.hears(bytes(spoilt))
        except ProtocolViolation:
            assert sana.messages == []

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            ((DIRECT_HEADER_BYTES_MAX + 1).to_bytes(4, "big"), "too_large"),
            (b"\xff\xff\xff\xff", "too_large"),
            (b"\0\0\0\0", "bad_message"),
            (b"\0\0\0\x02[]", "bad_message"),
            (b"\0\0\0\x02\xff\xff", "bad_message"),
            (b"\0\0\x0f\xff" + b'{"x":' + b"[" * 4090, "bad_message"),
            (frame(PrivateAck(ID, "shown")), "bad_message"),
            (header(-1), "bad_message"),
            (header(COUNTER_MAX + 1), "bad_message"),
            (header(1, at=-1), "bad_message"),
            (header(1, id="1-1"), "bad_id"),
            (header(1, by="a b"), "bad_name"),
            (header(1, by=""), "bad_name"),
            (header(5) + b"hello" + header(5), "too_early"),
            (header(len(LONG)) + b"x", "too_early"),
        ],
    )
    def test_what_breaks_the_protocol_has_a_word(self, data: bytes, code: str) -> None:
        with pytest.raises(ProtocolViolation) as caught:
            Recipient().hears(data)
        assert caught.value.code == code

    def test_more_than_a_refused_body_is_a_violation(self) -> None:
        with pytest.raises(ProtocolViolation, match="too_early"):
            Recipient(ID).hears(header(5) + b"hello!")

    @given(messages, st.data())
    def test_a_stream_may_end_between_messages_only(self, sent: PrivateMessage, data: st.DataObject) -> None:
        first = Sending(sent).first()
        sana = Recipient()
        sana.receiving.end()
        sana.hears(first[: data.draw(st.integers(1, len(first) - 1))])
        if sana.messages:  # the cut fell behind the last byte
            return
        with pytest.raises(ProtocolViolation, match="truncated"):
            sana.receiving.end()

    @pytest.mark.parametrize("step", ["accept", "refuse", "answered", "message", "discarded"])
    def test_a_step_that_is_not_in_the_table_is_our_own_mistake(self, step: str) -> None:
        with pytest.raises((KeyError, AssertionError)):
            getattr(Receiving(), step)()

    def test_every_state_is_reached_and_left(self) -> None:
        assert {before for before, _ in STEPS} == set(State) == set(STEPS.values())


class TestTheSendingEnd:
    @pytest.mark.parametrize(
        ("body", "answer", "code"),
        [
            ("hello", frame(PrivateAck("00000000000000ab-2", "shown")), "wrong_id"),
            ("hello", frame(PrivateGo(ID)), "too_early"),
            ("hello", frame(PrivateAck(ID, "shown")) * 2, "too_early"),
            (LONG, frame(PrivateAck(ID, "shown")), "too_early"),
            ("hello", header(5), "bad_message"),
            ("hello", b'\0\0\0\x33{"t":"private_ack","id":"' + ID.encode() + b'","mode":"x"}', "bad_message"),
            ("hello", b"\xff\xff\xff\xff", "too_large"),
        ],
    )
    def test_an_answer_to_something_else_has_a_word(self, body: str, answer: bytes, code: str) -> None:
        with pytest.raises(ProtocolViolation) as caught:
            Sending(message(body)).feed(answer)
        assert caught.value.code == code

    def test_only_one_go_is_answered(self) -> None:
        sending = Sending(message(LONG))
        assert sending.feed(frame(PrivateGo(ID))) == PrivateGo(ID)
        with pytest.raises(ProtocolViolation, match="too_early"):
            sending.feed(frame(PrivateGo(ID)))

    def test_a_frame_that_nobody_would_take_is_not_made(self) -> None:
        with pytest.raises(ValueError, match="a frame of"):
            frame(PrivateRefused(ID, "no", "x" * DIRECT_HEADER_BYTES_MAX))


@given(st.lists(st.binary(min_size=1, max_size=50)), st.data())
def test_frames_come_out_as_they_went_in(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(len(payload).to_bytes(4, "big") + payload for payload in payloads)
    buffer, found = bytearray(), []
    for piece in pieces(stream, data.draw(sizes)):
        buffer += piece
        while (payload := take_frame(buffer)) is not None:
            found.append(payload)
    assert found == payloads
    assert not buffer
