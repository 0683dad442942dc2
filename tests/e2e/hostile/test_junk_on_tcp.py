"""Connections to the TCP port that speak no chat: junk, and silence. Closed, counted, and the conversation goes on."""

import contextlib
import re
import socket
import threading

import pytest

from harness.connection import Bytes
from harness.loop import Reachable
from harness.people import People
from harness.server import Server
from harness.stage import Stage
from harness.waiting import PATIENCE_S
from harness.wire import WireClient

from .conftest import Tell
from .gathering import gather
from .pace import again_and_again, compared, pace

NOT_TLS = (
    b"hello" * 1000,
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\xff\xff" + b"x" * 100_000,
    b"\0" * 100_000,
)
HELLO_CUT_SHORT = bytes.fromhex("16030100c8010000c40303")
NOT_HTTP = (
    b"hello" * 1000,
    b"\xff" * 3000,
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000,
    b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 10_000,
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
)
RAW, TLS, WEBSOCKETS = 70, 70, 60
"""Connections that say nothing: 200 in all."""


class Stranger:
    """A connection that says what it is given, and waits for its end."""

    def __init__(self, at: Reachable, said: bytes = b"", *, tls: bool = False) -> None:
        self.heard = b""
        self._over = threading.Event()
        self._bytes = Bytes(at, tls=tls)
        self._bytes.read_on(self._hear, self._over.set)
        with contextlib.suppress(OSError):  # closed already: the first bytes were enough
            self._bytes.send(said)

    def _hear(self, data: bytes) -> None:
        self.heard += data

    def is_closed(self) -> bytes:
        """What it was told before the server closed the connection."""
        assert self._over.wait(PATIENCE_S), "the server was to close the connection"
        self._bytes.close()
        return self.heard


def violations(server: Server, word: str) -> float:
    return server.metric(f'chatapp_violations_total{{code="{word}"}}')


def test_what_isnt_tls_is_closed_and_counted(stage: Stage) -> None:
    server = stage.server(handshake_timeout_s=1.0)
    for junk in NOT_TLS:
        assert b"HTTP" not in Stranger(server, junk).is_closed()
    assert violations(server, "bad_tls") == len(NOT_TLS)
    for unfinished in (HELLO_CUT_SHORT, b""):
        assert Stranger(server, unfinished).is_closed() == b""
    assert violations(server, "handshake_timeout") == 2
    assert server.errors == []


def test_what_isnt_http_is_answered_closed_and_counted(server: Server) -> None:
    for junk in NOT_HTTP:
        assert re.match(b"HTTP/1.[01] 400", Stranger(server, junk, tls=True).is_closed())
    assert violations(server, "bad_request") == len(NOT_HTTP)
    assert server.errors == []


def test_other_pages_are_none(server: Server) -> None:
    for path, status in (("/nonsense", 404), ("/v1/chat", 400), ("/../../etc/passwd", 404)):
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert Stranger(server, request.encode(), tls=True).is_closed().startswith(f"HTTP/1.1 {status}".encode())
    assert server.errors == []


def test_the_conversation_beside_junk_goes_on_at_its_pace(server: Server, people: People, tell_figures: Tell) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    gather(aysha, sana)
    alone = pace(aysha, sana, "alone")
    made = iter(range(1_000_000))

    def talk_nonsense() -> None:
        number = next(made)
        Stranger(server, NOT_TLS[number % len(NOT_TLS)]).is_closed()
        Stranger(server, NOT_HTTP[number % len(NOT_HTTP)], tls=True).is_closed()

    with again_and_again(talk_nonsense) as rounds:
        beside = pace(aysha, sana, "beside")
    assert rounds
    tell_figures(compared(alone, beside, f"beside {2 * len(rounds)} connections with junk"))


def test_two_hundred_that_never_log_in(stage: Stage, tell_figures: Tell) -> None:
    server = stage.server(handshake_timeout_s=4.0)
    people = stage.people(server)
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    gather(aysha, sana)
    alone = pace(aysha, sana, "alone")

    strangers = [Stranger(server) for _ in range(RAW)] + [Stranger(server, tls=True) for _ in range(TLS)]
    silent = [people.wire(f"silent{number}", log_in=False) for number in range(WEBSOCKETS)]
    beside = pace(aysha, sana, "beside")
    sarah = people.pipe("sarah")  # who comes meanwhile comes in
    sarah.type("join_group skii")
    aysha.expect(">>> (skii) [sarah joined.]")

    for wire in silent:
        assert wire.expect_close().reason == "handshake_timeout: log in sooner"
    for stranger in strangers:
        assert stranger.is_closed() == b""
    assert violations(server, "handshake_timeout") == RAW + TLS + WEBSOCKETS
    assert server.metric("chatapp_unauthenticated") == 0
    tell_figures(compared(alone, beside, "beside 200 connections that say nothing"))


@pytest.mark.parametrize("tls", [False, True], ids=["in silence", "in TLS"])
def test_more_than_there_is_room_for_push_out_the_oldest(stage: Stage, tls: bool) -> None:
    server = stage.server(unauthenticated_max=10, handshake_timeout_s=PATIENCE_S)
    people = stage.people(server)
    strangers = [Stranger(server, tls=tls) for _ in range(30)]
    sana = people.pipe("sana")
    for stranger in strangers[:20]:
        stranger.is_closed()
    assert violations(server, "too_many_unauthenticated") >= 20
    sana.type("create_group skii")
    sana.expect(">>> [Group skii created by Server.]")


def test_web_sockets_that_never_log_in_keep_people_out_no_longer_than_their_time(stage: Stage) -> None:
    server = stage.server(unauthenticated_max=5, handshake_timeout_s=2.0)
    people = stage.people(server)
    silent: list[WireClient] = [people.wire(f"silent{number}", log_in=False) for number in range(5)]
    with pytest.raises(AssertionError, match="503 Service Unavailable"):
        people.wire("aysha")
    assert violations(server, "too_many_unauthenticated") == 1
    sana = people.pipe("sana", command="join")
    for wire in silent:
        wire.expect_close()
    sana.type("create_group skii")
    sana.expect(">>> [Group skii created by Server.]")


def test_a_reset_is_no_violation(server: Server, people: People) -> None:
    for number in range(10):
        wire = people.wire(f"gone{number}", log_in=number % 2 == 0)
        wire.abort()
        with socket.create_connection((server.host, server.port)):
            pass
    sana = people.wire("sana")
    sana.close()
    assert "chatapp_violations_total{" not in server.get("/metrics")
