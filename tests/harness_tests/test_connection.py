"""Bytes go both ways, with TLS and without, and a reader can be slow on purpose."""

import queue
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatapp.server.tls import own_certificate, server_context
from harness.connection import Bytes
from harness.waiting import PATIENCE_S
from harness_tests.stand_ins import SMALL_BYTES, Upstream, fill, received


class Ear:
    """What a connection's reading thread hands over."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def listen_to(self, connection: Bytes) -> None:
        connection.read_on(self._queue.put, lambda: self._queue.put(None))

    def hear(self, size: int) -> bytes:
        """Exactly so many bytes."""
        data = b""
        while len(data) < size and (part := self._queue.get(timeout=PATIENCE_S)) is not None:
            data += part
        return data

    def hear_end(self) -> None:
        while self._queue.get(timeout=PATIENCE_S) is not None:
            pass


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def plain(upstream: Upstream) -> Iterator[Bytes]:
    connection = Bytes(upstream, tls=False, buffer_bytes=SMALL_BYTES)
    yield connection
    connection.close()


def test_plain_bytes_go_both_ways(plain: Bytes, upstream: Upstream, ear: Ear) -> None:
    server = upstream.accept()
    ear.listen_to(plain)
    plain.send(b"hello")
    assert received(server, 5) == b"hello"
    server.sendall(b"hello yourself")
    assert ear.hear(14) == b"hello yourself"
    plain.half_close()
    assert server.recv(1) == b""
    server.close()
    ear.hear_end()


def test_who_stops_reading_is_felt(plain: Bytes, upstream: Upstream, ear: Ear) -> None:
    server = upstream.accept()
    plain.stop_reading()
    ear.listen_to(plain)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BYTES)
    sent = fill(server)
    assert sent < 100_000
    plain.go_on_reading()
    assert len(ear.hear(sent)) == sent


def test_an_abort_is_a_reset(plain: Bytes, upstream: Upstream, ear: Ear) -> None:
    server = upstream.accept()
    ear.listen_to(plain)
    plain.abort()
    with pytest.raises(ConnectionResetError):
        server.recv(1)
    ear.hear_end()


Ends = tuple[Bytes, ssl.SSLSocket]


@pytest.fixture
def ends(upstream: Upstream, tmp_path: Path) -> Iterator[Ends]:
    """Ours and the server's end of a TLS connection."""
    context = server_context(*own_certificate(tmp_path))
    accepted: queue.SimpleQueue[ssl.SSLSocket] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: accepted.put(context.wrap_socket(upstream.accept(), server_side=True)))
    thread.start()
    ours = Bytes(upstream, tls=True)
    server = accepted.get(timeout=PATIENCE_S)
    thread.join()
    yield ours, server
    server.close()
    ours.close()


def test_the_end_of_tls_is_the_end_and_is_answered(ends: Ends, ear: Ear) -> None:
    connection, server = ends
    ear.listen_to(connection)
    server.sendall(b"last words")
    server.unwrap()  # returns when the other end has answered
    assert ear.hear(10) == b"last words"
    ear.hear_end()


def test_tls_goes_both_ways_and_junk_below_it_breaks_it(ends: Ends, ear: Ear) -> None:
    connection, server = ends
    ear.listen_to(connection)
    data = bytes(range(256)) * 4096
    connection.send(data)
    assert received(server, len(data)) == data
    server.sendall(data)
    assert ear.hear(len(data)) == data
    connection.send_below_tls(b"this is no record")
    with pytest.raises(ssl.SSLError):
        server.recv(1)
