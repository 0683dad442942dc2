"""Stand-ins for what the harness is made to drive: tiny programs, and a bare listener."""

import socket
import sys
from typing import Protocol

from harness.ports import fresh_port
from harness.waiting import PATIENCE_S

SMALL_BYTES = 4096


def python(program: str) -> list[str]:
    """The command that runs a stand-in program."""
    return [sys.executable, "-c", program]


class HasAddress(Protocol):
    host: str
    port: int


def connected(at: HasAddress) -> socket.socket:
    """A connection to it, whose own send buffer is small: what more it can send, others must have taken."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BYTES)
    connection.settimeout(PATIENCE_S)
    connection.connect((at.host, at.port))
    return connection


def received(connection: socket.socket, size: int) -> bytes:
    """Exactly so many bytes, or what came before the end."""
    data = b""
    while len(data) < size and (part := connection.recv(size - len(data))):
        data += part
    return data


def fill(connection: socket.socket) -> int:
    """Sends until the buffers are full; how many bytes they took."""
    connection.setblocking(False)
    sent = 0
    try:
        while True:
            sent += connection.send(bytes(64 * 1024))
    except BlockingIOError:
        return sent
    finally:
        connection.settimeout(PATIENCE_S)


class Upstream:
    """A bare listener; the test holds the other end of each connection in its hands."""

    def __init__(self) -> None:
        self.host, self.port = "127.0.0.1", fresh_port()
        self._listener = socket.create_server((self.host, self.port))
        self._listener.settimeout(PATIENCE_S)
        self._open: list[socket.socket] = []

    def accept(self) -> socket.socket:
        """The next connection."""
        connection, _ = self._listener.accept()
        connection.settimeout(PATIENCE_S)
        self._open.append(connection)
        return connection

    def close(self) -> None:
        """Ends everything."""
        for end in (self._listener, *self._open):
            end.close()
