"""Each fault of the UDP proxy is really that fault."""

import socket
from collections.abc import Iterator
from time import monotonic

import pytest

from harness.datagrams import UdpProxy
from harness.ports import fresh_port
from harness.stage import Stage
from harness.waiting import PATIENCE_S


class Peer:
    """A bare UDP port."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", fresh_port()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE_S)
        self.socket.bind((self.host, self.port))


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.socket.close()


@pytest.fixture
def proxy(stage: Stage, peer: Peer) -> UdpProxy:
    return stage.udp_proxy(peer)


@pytest.fixture
def dialler(proxy: UdpProxy) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dialler:
        dialler.settimeout(PATIENCE_S)
        dialler.connect((proxy.host, proxy.port))
        yield dialler


def test_datagrams_pass_and_their_answers_come_back(proxy: UdpProxy, dialler: socket.socket, peer: Peer) -> None:
    dialler.send(b"hello")
    data, sender = peer.socket.recvfrom(100)
    assert data == b"hello"
    peer.socket.sendto(b"hello yourself", sender)
    assert dialler.recv(100) == b"hello yourself"
    proxy.wait_for_passed(14, "client")


def test_two_senders_are_kept_apart(proxy: UdpProxy, dialler: socket.socket, peer: Peer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.settimeout(PATIENCE_S)
        for end in (dialler, other):
            end.sendto(b"from one", (proxy.host, proxy.port)) if end is other else end.send(b"from the first")
            data, sender = peer.socket.recvfrom(100)
            peer.socket.sendto(b"re: " + data, sender)
        assert dialler.recv(100) == b"re: from the first"
        assert other.recv(100) == b"re: from one"
    assert proxy.connections == 2


def test_a_black_hole_loses_everything(proxy: UdpProxy, dialler: socket.socket, peer: Peer) -> None:
    proxy.black_hole()
    dialler.send(b"lost")
    proxy.wait_for_withheld(4, "server")
    proxy.heal()
    dialler.send(b"marker")
    assert peer.socket.recv(100) == b"marker"


def test_every_nth_datagram_is_lost(proxy: UdpProxy, dialler: socket.socket, peer: Peer) -> None:
    proxy.lose_every(3)
    for number in range(1, 8):
        dialler.send(b"%d" % number)
    assert [peer.socket.recv(100) for _ in range(5)] == [b"1", b"2", b"4", b"5", b"7"]


def test_a_delay_is_at_least_as_long_as_said(proxy: UdpProxy, dialler: socket.socket, peer: Peer) -> None:
    proxy.delay(0.1)
    start = monotonic()
    dialler.send(b"hello")
    assert peer.socket.recv(100) == b"hello"
    assert monotonic() - start >= 0.1


def test_a_peer_that_is_away_is_loss(proxy: UdpProxy, dialler: socket.socket, peer: Peer) -> None:
    peer.socket.close()
    dialler.send(b"lost")
    proxy.wait_for_passed(4, "server")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.settimeout(PATIENCE_S)
        again.bind((peer.host, peer.port))
        dialler.send(b"marker")
        assert again.recv(100) == b"marker"
