"""JSON frames to messages and back (protocol section 2)."""

from typing import Final

import msgspec

from chatapp.model.errors import ProtocolViolation
from chatapp.model.messages import FromClient, FromServer, Message

_encoder: Final = msgspec.json.Encoder()
_from_client: Final[msgspec.json.Decoder[FromClient]] = msgspec.json.Decoder(FromClient)
_from_server: Final[msgspec.json.Decoder[FromServer]] = msgspec.json.Decoder(FromServer)

encode = _encoder.encode
_FAULTS = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""What the decoder raises for bytes that aren't a message; the last for JSON nested a thousand deep."""


def decode_from_client(payload: str | bytes) -> FromClient:
    """The client's message. Raises ProtocolViolation `bad_message`."""
    try:
        return _from_client.decode(payload)
    except _FAULTS as error:
        raise ProtocolViolation("bad_message", str(error)) from None


def decode_from_server(payload: str | bytes) -> FromServer:
    """The server's message. Raises ProtocolViolation `bad_message`."""
    try:
        return _from_server.decode(payload)
    except _FAULTS as error:
        raise ProtocolViolation("bad_message", str(error)) from None


def frame(message: Message) -> bytes:
    """The message as one unmasked WebSocket text frame (RFC 6455, 5.2): the same bytes serve every reader."""
    payload = _encoder.encode(message)
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1, "big") + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def encoded_text_bytes(text: str) -> int:
    """What the text takes in a frame: JSON doubles line breaks and makes controls six bytes (protocol 7.1)."""
    return len(_encoder.encode(text)) - 2
