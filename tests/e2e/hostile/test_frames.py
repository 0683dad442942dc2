"""Frames that the protocol doesn't allow: the connection is closed with a code and a reason, and counted."""

from collections import Counter
from collections.abc import Callable

from aiohttp import WSCloseCode

from chatapp.model.limits import HANDSHAKE_FRAME_BYTES_MAX, KIB, MIB
from chatapp.model.messages import (
    PROTOCOL_VERSION,
    Ack,
    Alive,
    Created,
    CreateGroup,
    Joined,
    JoinGroup,
    Register,
    SendGroup,
    Stored,
)
from harness.frames import Opcode
from harness.people import People
from harness.server import Server
from harness.wire import WireClient

from .conftest import Tell
from .gathering import gather, gather_wires
from .pace import again_and_again, compared, pace

Send = Callable[[WireClient], object]
Cases = dict[str, tuple[Send, int, str]]

PIECE = b"x" * 64 * KIB
TOO_LARGE = (WSCloseCode.MESSAGE_TOO_BIG, "too_large")
BINARY = (WSCloseCode.UNSUPPORTED_DATA, "binary")
BAD_MESSAGE = (WSCloseCode.POLICY_VIOLATION, "bad_message")
BAD_FRAME = (WSCloseCode.PROTOCOL_ERROR, "bad_frame")


def says(payload: bytes, opcode: int = Opcode.TEXT) -> Send:
    """A whole frame of that content."""
    return lambda wire: wire.send_raw(payload, opcode)


def frame(opcode: int, payload: bytes, *, final: bool = True, reserved: int = 0, length: int | None = None) -> Send:
    """A frame that isn't in order."""
    return lambda wire: wire.websocket.send_frame(opcode, payload, final=final, reserved=reserved, length=length)


def endless(wire: WireClient) -> None:
    """A message of pieces, each of which is allowed."""
    wire.websocket.send_frame(Opcode.TEXT, PIECE, final=False)
    for _ in range(MIB // len(PIECE)):
        wire.websocket.send_frame(Opcode.CONTINUATION, PIECE, final=False)


def log_in_again(wire: WireClient) -> None:
    wire.send(Register(PROTOCOL_VERSION, wire.name, "", "", "", 0))


def acknowledge_the_future(wire: WireClient) -> None:
    wire.ask(CreateGroup(wire.fresh_id(), wire.name), Created)
    joined = wire.ask(JoinGroup(wire.fresh_id(), wire.name), Joined)
    wire.send(Ack(joined.group, joined.head + 1))


BEFORE_LOG_IN: Cases = {
    "8 KiB and a byte": (says(b'"%s"' % (b"x" * (HANDSHAKE_FRAME_BYTES_MAX - 1))), *TOO_LARGE),
    "8 KiB and more in fewer characters": (says("é".encode() * (HANDSHAKE_FRAME_BYTES_MAX // 2 + 1)), *TOO_LARGE),
    "a tebibyte": (frame(Opcode.TEXT, b"x", length=1 << 40), *TOO_LARGE),
    "a binary frame": (says(b"{}", Opcode.BINARY), *BINARY),
    "broken JSON": (says(b'{"t":"register"'), *BAD_MESSAGE),
    "8 KiB that aren't a message": (says(b'"%s"' % (b"x" * (HANDSHAKE_FRAME_BYTES_MAX - 2))), *BAD_MESSAGE),
    "an unknown type": (says(b'{"t":"become_operator"}'), *BAD_MESSAGE),
    "a field missing": (says(b'{"t":"register","version":1,"name":"x"}'), *BAD_MESSAGE),
    "a request": (says(b'{"t":"list_groups","id":"0000000000000001-1"}'), BAD_MESSAGE[0], "register_first"),
}
AFTER_LOG_IN: Cases = {
    "more than a frame may hold": (says(b"x" * (MIB + 4 * KIB + 1)), *TOO_LARGE),
    "a tebibyte": (frame(Opcode.TEXT, b"x", length=1 << 40), *TOO_LARGE),
    "a message without end": (endless, *TOO_LARGE),
    "a binary frame": (says(b"{}", Opcode.BINARY), *BINARY),
    "nothing": (says(b""), *BAD_MESSAGE),
    "broken JSON": (says(b'{"t":"list_groups","id":"0000000000000001-1"'), *BAD_MESSAGE),
    "a list": (says(b"[1, 2, 3]"), *BAD_MESSAGE),
    "a deep list": (says(b'{"t":"alive","n":1,"x":' + b"[" * 500_000), *BAD_MESSAGE),
    "an unknown type": (says(b'{"t":"become_operator","id":"0000000000000001-1"}'), *BAD_MESSAGE),
    "an answer": (says(b'{"t":"welcome","name":"x"}'), *BAD_MESSAGE),
    "a field of another type": (says(b'{"t":"alive","n":"1"}'), *BAD_MESSAGE),
    "a number without end": (says(b'{"t":"alive","n":%s}' % (b"9" * 5000)), *BAD_MESSAGE),
    "another log-in": (log_in_again, BAD_MESSAGE[0], "registered_already"),
    "an ack of what isn't there": (acknowledge_the_future, BAD_MESSAGE[0], "bad_ack"),
    "reserved bits": (frame(Opcode.TEXT, b"{}", reserved=4), *BAD_FRAME),
    "an unknown opcode": (frame(5, b"{}"), *BAD_FRAME),
    "a piece of nothing": (frame(Opcode.CONTINUATION, b"{}"), *BAD_FRAME),
    "a ping in pieces": (frame(Opcode.PING, b"", final=False), *BAD_FRAME),
    "a ping that is too long": (frame(Opcode.PING, b"x" * 126), *BAD_FRAME),
}


def try_all(cases: Cases, server: Server, people: People, *, log_in: bool) -> None:
    """Each on a connection of its own; what the close frames say, and what is counted."""
    closed = {}
    for number, (what, (send, _, word)) in enumerate(cases.items()):
        wire = people.wire(f"mallory{number}", log_in=log_in)
        send(wire)
        close = wire.expect_close()
        reason = close.reason.partition(":")[0] or word  # the library that finds a bad frame gives a code alone
        closed[what] = (close.code, reason)
    assert closed == {what: (code, word) for what, (_, code, word) in cases.items()}
    words = Counter(word for _, _, word in cases.values())
    assert {word: server.metric(f'chatapp_violations_total{{code="{word}"}}') for word in words} == words
    assert server.metric("chatapp_unauthenticated") == 0


def test_before_log_in(server: Server, people: People) -> None:
    try_all(BEFORE_LOG_IN, server, people, log_in=False)
    wire = people.wire("sana")
    wire.ask(CreateGroup(wire.fresh_id(), "skii"), Created)


def test_after_log_in(server: Server, people: People) -> None:
    sana = people.wire("sana")
    group = gather_wires(sana)
    try_all(AFTER_LOG_IN, server, people, log_in=True)
    sana.ask(SendGroup(sana.fresh_id(), group, "and on it goes"), Stored)


def test_unknown_fields_are_ignored(people: People) -> None:
    """RULES A1: so that a later version can add some."""
    wire = people.wire("wire")
    id = wire.fresh_id()
    wire.send_raw(f'{{"t":"create_group","id":"{id}","group":"skii","colour":{{"of":["the",1e400]}}}}'.encode())
    assert wire.answer(id, Created)
    wire.send(Alive(12345))  # an answer to a probe that there never was
    wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined)


def test_the_conversation_beside_goes_on_at_its_pace(people: People, tell_figures: Tell) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    gather(aysha, sana)
    alone = pace(aysha, sana, "alone")
    sends = [send for send, _, _ in AFTER_LOG_IN.values()]
    made = iter(range(1_000_000))

    def break_a_rule() -> None:
        number = next(made)
        wire = people.wire(f"mallory{number}")
        sends[number % len(sends)](wire)
        wire.expect_close()

    with again_and_again(break_a_rule) as broken:
        beside = pace(aysha, sana, "beside")
    assert broken
    tell_figures(compared(alone, beside, f"beside {len(broken)} connections with forbidden frames"))
