"""Each fault of the TCP proxy is really that fault, seen from both ends."""

import socket
import sys
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from harness.proxy import TcpProxy
from harness.stage import Stage
from harness_tests.stand_ins import SMALL_BYTES, Upstream, connected, fill, received

FELT_BYTES = 256 * 1024
"""A sender that nobody reads must feel it before it has sent so much."""


@pytest.fixture
def proxy(stage: Stage, upstream: Upstream) -> TcpProxy:
    return stage.proxy(upstream)


@pytest.fixture
def ends(proxy: TcpProxy, upstream: Upstream) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's and the server's end of one connection through the proxy."""
    client = connected(proxy)
    server = upstream.accept()
    yield client, server
    client.close()


Ends = tuple[socket.socket, socket.socket]


def test_bytes_pass_both_ways_and_are_counted(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    client.sendall(b"hello")
    assert received(server, 5) == b"hello"
    server.sendall(b"hello yourself")
    assert received(client, 14) == b"hello yourself"
    proxy.wait_for_passed(5, "server")
    proxy.wait_for_passed(14, "client")
    assert (proxy.connections, proxy.withheld("server")) == (1, 0)


def test_a_large_transfer_arrives_whole(ends: Ends) -> None:
    client, server = ends
    data = bytes(range(256)) * 4096
    sender = threading.Thread(target=client.sendall, args=(data,))
    sender.start()
    assert received(server, len(data)) == data
    sender.join()


def test_the_end_of_a_stream_passes_and_the_other_direction_stays_open(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    server.sendall(b"still here")
    assert received(client, 10) == b"still here"
    server.close()
    assert client.recv(1) == b""
    proxy.wait_until_open(0)


def test_a_reset_passes(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(1)
    proxy.wait_until_open(0)


def test_a_delay_is_at_least_as_long_as_said_and_keeps_the_order(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    proxy.delay(0.1)
    start = monotonic()
    for word in (b"one ", b"two ", b"three"):
        client.sendall(word)
    assert received(server, 13) == b"one two three"
    server.sendall(b"answer")
    assert received(client, 6) == b"answer"
    assert monotonic() - start >= 0.2


def test_a_delay_can_be_one_way(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    proxy.delay(3600, towards="client")
    client.sendall(b"there")
    assert received(server, 5) == b"there"
    server.sendall(b"back")
    proxy.wait_for_withheld(4, "client")
    assert proxy.passed["client"] == 0


def test_a_black_hole_withholds_everything_until_it_heals(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    proxy.black_hole()
    client.sendall(b"hello")
    proxy.wait_for_withheld(5, "server")
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    server.settimeout(10)
    proxy.heal()
    assert received(server, 5) == b"hello"
    server.sendall(b"hello yourself")
    assert received(client, 14) == b"hello yourself"


def test_a_black_hole_hides_that_a_connection_ended(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    proxy.black_hole()
    client.sendall(b"last words")
    client.close()
    proxy.wait_for_withheld(10, "server")
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    server.settimeout(10)
    proxy.heal()
    assert received(server, 11) == b"last words"


def test_a_sender_into_a_black_hole_feels_that_nobody_reads(stage: Stage, upstream: Upstream) -> None:
    proxy = stage.proxy(upstream, buffer_bytes=SMALL_BYTES)
    with connected(proxy) as client:
        upstream.accept()
        proxy.black_hole()
        taken = fill(client)
        assert taken < FELT_BYTES


def test_a_new_connection_through_a_black_hole_gets_no_answer_until_it_heals(
    proxy: TcpProxy, upstream: Upstream
) -> None:
    proxy.black_hole()
    with connected(proxy) as client:
        proxy.wait_for_connections(1)
        client.sendall(b"anybody?")
        assert proxy.passed["server"] == 0
        proxy.heal()
        assert received(upstream.accept(), 8) == b"anybody?"


def test_a_cut_resets_both_ends(proxy: TcpProxy, ends: Ends) -> None:
    proxy.cut()
    for end in ends:
        with pytest.raises(ConnectionResetError):
            end.recv(1)
    assert proxy.open == 0


def test_a_polite_cut_closes_both_ends(proxy: TcpProxy, ends: Ends) -> None:
    proxy.cut(politely=True)
    assert [end.recv(1) for end in ends] == [b"", b""]


def test_after_a_cut_new_connections_pass(proxy: TcpProxy, ends: Ends, upstream: Upstream) -> None:
    proxy.cut()
    with connected(proxy) as client:
        client.sendall(b"again")
        assert received(upstream.accept(), 5) == b"again"


@pytest.mark.parametrize("closed", ["client", "server"])
def test_half_open_tells_one_end_only(proxy: TcpProxy, ends: Ends, closed: str) -> None:
    lost, kept = ends if closed == "client" else ends[::-1]
    proxy.half_open("client" if closed == "client" else "server")
    with pytest.raises(ConnectionResetError):
        lost.recv(1)
    kept.sendall(b"anybody?")
    kept.setblocking(False)
    with pytest.raises(BlockingIOError):
        kept.recv(1)
    kept.settimeout(10)
    proxy.heal()
    assert proxy.open == 0
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        kept.recv(1)


def test_a_throttle_takes_its_time_and_its_sender_feels_it(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    proxy.throttle(20_000, towards="server")
    taken = fill(client)
    assert taken < FELT_BYTES
    start = monotonic()
    received(server, 10_000)
    assert monotonic() - start >= 0.3
    assert proxy.withheld("server") <= 20_000


def test_a_throttle_towards_one_end_leaves_the_other_alone(proxy: TcpProxy, ends: Ends) -> None:
    client, server = ends
    proxy.throttle(1, towards="client")
    client.sendall(bytes(10_000))
    assert len(received(server, 10_000)) == 10_000


def test_refusing_leaves_open_connections_alone(proxy: TcpProxy, ends: Ends, upstream: Upstream) -> None:
    client, server = ends
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    client.sendall(b"still here")
    assert received(server, 10) == b"still here"
    proxy.heal()
    with connected(proxy) as another:
        another.sendall(b"again")
        assert received(upstream.accept(), 5) == b"again"


def test_an_upstream_that_is_away_resets_the_client(proxy: TcpProxy, upstream: Upstream) -> None:
    upstream.close()
    with pytest.raises(ConnectionResetError), connected(proxy) as client:
        client.recv(1)


def test_the_server_can_be_shown_another_address(stage: Stage, upstream: Upstream) -> None:
    another = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"  # elsewhere the loopback has one address
    proxy = stage.proxy(upstream, from_host=another)
    with connected(proxy):
        assert upstream.accept().getpeername()[0] == another
