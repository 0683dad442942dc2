"""The bare WebSocket and the bare speaker on it, against a server that is played by hand."""

import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from chatapp.identity.login import is_signed
from chatapp.model.messages import Ack, Alive, Challenge, Created, CreateGroup, Entry, Message, Probe, Refused, Welcome
from chatapp.protocol.codec import decode_from_client, encode
from chatapp.protocol.codec import frame as frame_of_server
from harness.frames import Frame, Frames, Opcode, accept_of, frame
from harness.journal import Journal
from harness.waiting import PATIENCE_S, NotSeen
from harness.websocket import Close, WebSocket
from harness.wire import WireClient
from harness_tests.stand_ins import Upstream

CHALLENGE = Challenge("5e", "00" * 32, (1,), "a stand-in")


def entry(seq: int) -> Entry:
    return Entry("9f", seq, 0, "sana", "1-1", "text", "hi")


class PlayedServer:
    """The server's end: upgrades by itself, the rest is the test's."""

    def __init__(self, upstream: Upstream, status: str = "101 Switching Protocols") -> None:
        self._status = status
        self._upstream = upstream
        self._frames = Frames()
        self._waiting: list[Frame] = []
        self._accepted: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._upgrade)
        self._thread.start()

    def _upgrade(self) -> None:
        connection = self._upstream.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(1024)
        (key,) = re.findall(r"Sec-WebSocket-Key: (.*)\r\n", request.decode())
        head = f"HTTP/1.1 {self._status}\r\nSec-WebSocket-Accept: {accept_of(key)}\r\n\r\n"
        connection.sendall(head.encode() + frame_of_server(CHALLENGE))  # in one piece, as they can well come
        self._accepted.put(connection)

    @property
    def connection(self) -> socket.socket:
        """The server's end of the upgraded connection."""
        connection = self._accepted.get(timeout=PATIENCE_S)
        self._accepted.put(connection)
        return connection

    def send(self, message: Message) -> None:
        self.connection.sendall(frame_of_server(message))

    def receive(self) -> Frame:
        while not self._waiting:
            self._waiting += self._frames.feed(self.connection.recv(1 << 16))
        return self._waiting.pop(0)

    def hear(self) -> Message:
        return decode_from_client(self.receive().payload)


@pytest.fixture
def server(upstream: Upstream) -> PlayedServer:
    return PlayedServer(upstream)


class Texts:
    """What the reading thread handed over."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.put: Callable[[bytes], None] = self._queue.put

    def next(self) -> bytes:
        return self._queue.get(timeout=PATIENCE_S)


@pytest.fixture
def texts() -> Texts:
    return Texts()


@pytest.fixture
def websocket(upstream: Upstream, server: PlayedServer, texts: Texts) -> Iterator[WebSocket]:
    websocket = WebSocket(upstream, "/v1/chat", texts.put, tls=False)
    yield websocket
    websocket.bytes.close()


@pytest.fixture
def aysha(upstream: Upstream, server: PlayedServer, journal: Journal) -> Iterator[WireClient]:
    aysha = WireClient(upstream, journal, name="aysha", tls=False)
    yield aysha
    aysha.close()


def test_what_comes_with_the_upgrade_is_not_lost(websocket: WebSocket, texts: Texts) -> None:
    assert texts.next() == encode(CHALLENGE)


def test_fragments_become_one_text(websocket: WebSocket, server: PlayedServer, texts: Texts) -> None:
    texts.next()
    for opcode, part, final in ((Opcode.TEXT, b"a", False), (Opcode.CONTINUATION, b"b", True)):
        server.connection.sendall(frame(opcode, part, final=final, masked=False))
    assert texts.next() == b"ab"


def test_pings_are_answered_only_when_they_shall_be(websocket: WebSocket, server: PlayedServer) -> None:
    server.connection.sendall(frame(Opcode.PING, b"one", masked=False))
    assert server.receive() == Frame(Opcode.PONG, b"one", True, True)
    websocket.answers_pings = False
    server.connection.sendall(frame(Opcode.PING, b"two", masked=False) + frame(Opcode.CLOSE, b"\x03\xe8", masked=False))
    assert server.receive().opcode == Opcode.CLOSE
    assert websocket.pings == 2


def test_a_close_is_told_with_code_and_reason(websocket: WebSocket, server: PlayedServer) -> None:
    server.connection.sendall(frame(Opcode.CLOSE, b"\x03\xf0why", masked=False))
    server.connection.shutdown(socket.SHUT_WR)
    assert websocket.expect_close() == Close(1008, "why")


def test_an_end_without_a_close_frame_is_1006(websocket: WebSocket, server: PlayedServer) -> None:
    server.connection.close()
    assert websocket.expect_close() == Close(1006, "")


def test_a_server_that_does_not_upgrade_is_an_error(upstream: Upstream) -> None:
    def refuse() -> None:
        connection = upstream.accept()
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")

    refusing = threading.Thread(target=refuse)
    refusing.start()
    with pytest.raises(AssertionError, match=r"didn't upgrade: HTTP/1\.1 503"):
        WebSocket(upstream, "/v1/chat", lambda text: None, tls=False)
    refusing.join()


def test_a_log_in_is_signed_for_this_challenge(aysha: WireClient, server: PlayedServer) -> None:
    register = aysha.registration(port=2000)
    assert (register.name, register.port) == ("aysha", 2000)
    assert is_signed(CHALLENGE, register)
    aysha.send(register)
    assert server.hear() == register


def test_a_wrong_signature_stands(aysha: WireClient) -> None:
    register = aysha.registration(signature="00")
    assert not is_signed(CHALLENGE, register)


def test_answers_are_found_by_id_whatever_comes_first(aysha: WireClient, server: PlayedServer) -> None:
    first, second = aysha.fresh_id(), aysha.fresh_id()
    server.send(Created(second, "2"))
    server.send(Refused(first, "group_exists"))
    assert aysha.ask(CreateGroup(first, "skii"), Refused).code == "group_exists"
    assert aysha.answer(second, Created).group == "2"
    server.send(Refused(first, "rate"))
    with pytest.raises(AssertionError, match="wanted Created as the answer and got Refused"):
        aysha.answer(first, Created)


def test_expect_leaves_the_others_to_be_received_in_order(aysha: WireClient, server: PlayedServer) -> None:
    aysha.expect(Challenge)
    for seq in (7, 8, 9):
        server.send(entry(seq))
    assert aysha.expect(Entry, lambda message: message.seq == 8).seq == 8
    assert [aysha.receive(), aysha.receive()] == [entry(7), entry(9)]
    assert len(aysha.received) == 4


def test_entries_and_probes_are_answered_only_when_they_shall_be(aysha: WireClient, server: PlayedServer) -> None:
    server.send(entry(7))
    assert server.hear() == Ack("9f", 7)
    server.send(Probe(3))
    assert server.hear() == Alive(3)
    aysha.acks = aysha.answers_probes = False
    server.send(entry(7))
    server.send(Probe(4))
    aysha.expect(Probe, lambda probe: probe.n == 4)
    aysha.send(Alive(99))
    assert server.hear() == Alive(99)


def test_who_waits_hears_at_once_that_nothing_more_can_come(aysha: WireClient, server: PlayedServer) -> None:
    server.connection.close()
    with pytest.raises(NotSeen, match="nothing more can come"):
        aysha.expect(Welcome)
