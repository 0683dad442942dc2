"""The direct link's bytes: private messages, from person to person, on a QUIC stream (protocol section 9). Pure.

A frame is a length (4 bytes, big-endian) and a JSON object. Who opened the stream sends, the other one answers:

    private_header {id, by, to, at, size}  ---->
                                           <----  private_go {id}      only before a body above BODY_AT_ONCE_BYTES
    the body: size bytes of UTF-8          ---->
                                           <----  private_ack {id, mode}, or private_refused {id, code, ...}

A refusal may come instead of `private_go`; then the body isn't sent. One message at a time, one stream for as long as
the link lasts: a message begins when the one before it has its answer, so order needs no numbers. The receiving end:

    HEADER --header--> OFFERED --accept--> BODY ------last byte--> ARRIVED --answered--> HEADER
                          +----refuse----> UNWANTED --last byte (of a body that comes unasked)--^
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from chatapp.model.errors import ProtocolViolation
from chatapp.model.ids import parse_id
from chatapp.model.limits import COUNTER_MAX, DIRECT_CHUNK_BYTES_MAX, DIRECT_HEADER_BYTES_MAX, DIRECT_RETRY_AFTER_MAX_S
from chatapp.model.messages import Message
from chatapp.model.names import fault

APPLICATION_PROTOCOL: Final = b"chatapp-direct/1"
"""Negotiated in the TLS handshake (RFC 7301): another version is another protocol."""
BODY_AT_ONCE_BYTES: Final = DIRECT_CHUNK_BYTES_MAX
"""A body up to this goes out with its header, without `private_go`: one round trip, and little is lost if refused."""
_LENGTH_BYTES: Final = 4

AckMode = Literal["shown", "held"]


class CloseCode(IntEnum):
    """QUIC's application error code when a link is closed; the reason beside it is a word."""

    DONE = 0
    UNKNOWN_IDENTITY = 1
    VIOLATION = 2
    REPLACED = 3


@dataclass(frozen=True, slots=True)
class PrivateMessage:
    """id: the sender's installation and its counter for this recipient; at: the sender's clock, ms since 1970."""

    id: str
    by: str
    to: str
    at: int
    body: str


class PrivateHeader(Message, frozen=True):
    """What is coming. size: the body's bytes."""

    id: str
    by: str
    to: str
    at: Annotated[int, msgspec.Meta(ge=0, le=COUNTER_MAX)]
    size: Annotated[int, msgspec.Meta(ge=0, le=COUNTER_MAX)]


class PrivateGo(Message, frozen=True):
    """Send the body."""

    id: str


class PrivateAck(Message, frozen=True):
    """The recipient's archive has the message. mode: shown at once, or held until the recipient leaves its group."""

    id: str
    mode: AckMode


class PrivateRefused(Message, frozen=True):
    """Not taken. code: a word of docs/protocol.md, section 8; retry_after_s: when it may be tried again, if it may."""

    id: str
    code: str
    text: str = ""
    retry_after_s: Annotated[float, msgspec.Meta(ge=0, le=DIRECT_RETRY_AFTER_MAX_S)] = 0.0


Answer = PrivateGo | PrivateAck | PrivateRefused

_encoder: Final = msgspec.json.Encoder()
_headers: Final = msgspec.json.Decoder(PrivateHeader)
_answers: "Final[msgspec.json.Decoder[Answer]]" = msgspec.json.Decoder(Answer)
_Decoded = TypeVar("_Decoded")


def frame(message: PrivateHeader | Answer) -> bytes:
    """The message with its length before it. Raises ValueError for one that no peer would take: our own mistake."""
    payload = _encoder.encode(message)
    if len(payload) > DIRECT_HEADER_BYTES_MAX:
        raise ValueError(f"a frame of {len(payload)} bytes")
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + payload


def take_frame(buffer: bytearray) -> bytes | None:
    """Takes the first frame's payload out of the buffer; None while it isn't complete. Raises ProtocolViolation."""
    if len(buffer) < _LENGTH_BYTES:
        return None
    end = _LENGTH_BYTES + int.from_bytes(buffer[:_LENGTH_BYTES], "big")
    if end > _LENGTH_BYTES + DIRECT_HEADER_BYTES_MAX:
        raise ProtocolViolation("too_large", f"a frame has at most {DIRECT_HEADER_BYTES_MAX} bytes")
    if len(buffer) < end:
        return None
    payload = bytes(buffer[_LENGTH_BYTES:end])
    del buffer[:end]
    return payload


def _decode(decoder: "msgspec.json.Decoder[_Decoded]", payload: bytes) -> _Decoded:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:  # a thousand brackets fit in a frame
        raise ProtocolViolation("bad_message", str(error)) from None


class State(Enum):
    """Where a receiving stream is."""

    HEADER = "header"
    OFFERED = "offered"
    BODY = "body"
    UNWANTED = "unwanted"
    ARRIVED = "arrived"


STEPS: Final[dict[tuple[State, str], State]] = {
    (State.HEADER, "header"): State.OFFERED,
    (State.OFFERED, "accept"): State.BODY,
    (State.OFFERED, "refuse"): State.UNWANTED,
    (State.UNWANTED, "last byte"): State.HEADER,
    (State.BODY, "last byte"): State.ARRIVED,
    (State.ARRIVED, "answered"): State.HEADER,
}
"""Whatever isn't here is a mistake of ours: a KeyError."""


class Receiving:
    """The receiving end of a stream: bytes go in with `feed`, and what they amount to comes out.

    Memory: whoever feeds asks for the result before feeding more, so that beside a body that was accepted nothing above
    one header and one chunk is kept.
    """

    def __init__(self) -> None:
        self.state = State.HEADER
        self._buffer = bytearray()
        self._header: PrivateHeader | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no message has begun."""
        return self.state is State.HEADER and not self._buffer

    def feed(self, data: bytes) -> None:
        """The next bytes of the stream."""
        self._buffer += data

    def end(self) -> None:
        """The stream has ended. Raises ProtocolViolation in the middle of a message."""
        if not self.is_idle:
            raise ProtocolViolation("truncated", "the stream ended in the middle of a message")

    def header(self) -> PrivateHeader | None:
        """HEADER to OFFERED, as soon as a header is complete. Raises ProtocolViolation."""
        payload = take_frame(self._buffer)
        if payload is None:
            return None
        header = _decode(_headers, payload)
        parse_id(header.id)
        for name in (header.by, header.to):
            complaint = fault(name)
            if complaint is not None:
                raise ProtocolViolation("bad_name", complaint)
        if self._buffer and header.size > BODY_AT_ONCE_BYTES:
            raise ProtocolViolation("too_early", "a long body waits for private_go")
        self._step("header")
        self._header = header
        return header

    def accept(self) -> None:
        """OFFERED to BODY: the body is wanted."""
        self._step("accept")

    def refuse(self) -> None:
        """OFFERED to UNWANTED: nothing of the body will be kept."""
        self._step("refuse")

    def discarded(self) -> Literal[True] | None:
        """UNWANTED to HEADER, as soon as a body that came unasked has passed. Raises ProtocolViolation."""
        assert self._header is not None
        unasked = self._header.size if self._header.size <= BODY_AT_ONCE_BYTES else 0
        return None if self._take_body(unasked) is None else True

    def message(self) -> PrivateMessage | PrivateRefused | None:
        """BODY to ARRIVED, as soon as the body is complete; a refusal if it isn't UTF-8. Raises ProtocolViolation."""
        assert self._header is not None
        header = self._header
        body = self._take_body(header.size)
        if body is None:
            return None
        try:
            return PrivateMessage(header.id, header.by, header.to, header.at, body.decode())
        except UnicodeDecodeError:
            return PrivateRefused(header.id, "not_utf_8", "The text isn't valid UTF-8.")

    def answered(self) -> None:
        """ARRIVED to HEADER."""
        self._step("answered")

    def _take_body(self, size: int) -> bytearray | None:
        if len(self._buffer) < size:
            return None
        if len(self._buffer) > size:
            raise ProtocolViolation("too_early", "more bytes than the header said, before the answer")
        self._step("last byte")
        body, self._buffer = self._buffer, bytearray()
        return body

    def _step(self, event: str) -> None:
        self.state = STEPS[self.state, event]


class Sending:
    """The sending end of a stream, for one message."""

    def __init__(self, message: PrivateMessage) -> None:
        self._body = message.body.encode()
        self._header = PrivateHeader(message.id, message.by, message.to, message.at, len(self._body))
        self._buffer = bytearray()
        self.waits_for_go = len(self._body) > BODY_AT_ONCE_BYTES

    @property
    def size(self) -> int:
        """The body's bytes."""
        return len(self._body)

    def first(self) -> bytes:
        """What goes out first: the header, and the body unless it waits."""
        header = frame(self._header)
        return header if self.waits_for_go else header + self._body

    def rest(self) -> Iterator[bytes]:
        """What goes out after `private_go`, in pieces."""
        for start in range(0, len(self._body), DIRECT_CHUNK_BYTES_MAX):
            yield self._body[start : start + DIRECT_CHUNK_BYTES_MAX]

    def feed(self, data: bytes) -> Answer | None:
        """Bytes from the recipient; the answer as soon as it is complete.

        Raises ProtocolViolation for another message's answer, for a `private_go` that nothing waits for, and for more
        than an answer.
        """
        self._buffer += data
        payload = take_frame(self._buffer)
        if payload is None:
            return None
        answer = _decode(_answers, payload)
        if answer.id != self._header.id:
            raise ProtocolViolation("wrong_id", "the answer is another message's")
        if self._buffer:
            raise ProtocolViolation("too_early", "more than an answer")
        if isinstance(answer, PrivateGo):
            if not self.waits_for_go:
                raise ProtocolViolation("too_early", "nothing waits for private_go")
            self.waits_for_go = False
        elif isinstance(answer, PrivateAck) and self.waits_for_go:
            raise ProtocolViolation("too_early", "the body wasn't sent")
        return answer
