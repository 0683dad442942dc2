"""Many clients of one server: Python logs them in, then the C program `load` takes their connections over.

A frame is read to its last byte and no further, so that nothing is left over when the socket changes hands: what the
server sends from then on is in the kernel's buffer, for `load`.
"""

import json
import os
import socket
import struct
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from msgspec.structs import replace

from chatapp.identity.keys import Identity
from chatapp.identity.login import sign
from chatapp.model.ids import RequestId
from chatapp.model.limits import ACK_ENTRIES_MAX
from chatapp.model.messages import (
    PROTOCOL_VERSION,
    Challenge,
    Created,
    CreateGroup,
    FromServer,
    Message,
    Register,
    Roster,
    Welcome,
)
from chatapp.protocol.codec import decode_from_server, encode

GROUP = "bench"
_LOG_INS_AT_ONCE = 16
_ANSWER_TIMEOUT_S = 20
_UPGRADE = (
    b"GET /v1/chat HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Y2hhdGFwcCBtYWtlIGJlbg==\r\n\r\n"
)
_Answer = TypeVar("_Answer", bound=Message)


class Connection:
    """A client's WebSocket, without a library, so that its socket is ours."""

    def __init__(self, port: int, number: int) -> None:
        self.installation = number + 1
        self._name = f"bench{number:04}"
        self.socket = socket.create_connection(("127.0.0.1", port), _ANSWER_TIMEOUT_S)
        # The kernel's time-out instead of Python's, which would make the socket non-blocking and MSG_WAITALL void.
        self.socket.settimeout(None)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _ANSWER_TIMEOUT_S, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(_UPGRADE)
        self._read_upgrade()

    def _read_upgrade(self) -> None:
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            seen = self.socket.recv(4096, socket.MSG_PEEK)
            end = (answer + seen).find(b"\r\n\r\n")
            taken = len(seen) if end < 0 else end + 4 - len(answer)
            answer += self._exactly(taken)
        if not answer.startswith(b"HTTP/1.1 101 "):
            raise RuntimeError(f"no WebSocket: {answer!r}")

    def _exactly(self, size: int) -> bytes:
        data = self.socket.recv(size, socket.MSG_WAITALL) if size else b""
        if len(data) != size:
            raise RuntimeError(f"{self._name}: the server closed the connection")
        return data

    def send(self, message: Message) -> None:
        """One masked text frame (RFC 6455, 5.3); the key is zero, for there is nobody to hide from."""
        payload = encode(message)
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.socket.sendall(head + bytes(4) + payload)

    def receive(self) -> FromServer:
        """The next message."""
        opcode, size = self._exactly(2)
        if size >= 126:
            size = int.from_bytes(self._exactly(2 if size == 126 else 8), "big")
        payload = self._exactly(size)
        if opcode != 0x81:
            raise RuntimeError(f"{self._name}: a frame that begins with {opcode:02x}: {payload!r}")
        return decode_from_server(payload)

    def wait_for(self, kind: type[_Answer]) -> _Answer:
        """The next message of that type; only the roster may come before it."""
        while not isinstance(message := self.receive(), kind):
            if not isinstance(message, Roster):
                raise RuntimeError(f"{self._name}: {message}")
        return message

    def log_in(self) -> None:
        """Registers a name of its own with a new identity."""
        identity = Identity(os.urandom(32))
        challenge = self.wait_for(Challenge)
        claim = Register(
            version=PROTOCOL_VERSION,
            name=self._name,
            key=identity.public.hex(),
            signature="",
            installation=f"{self.installation:016x}",
            port=0,
        )
        self.send(replace(claim, signature=sign(identity, challenge, claim)))
        self.wait_for(Welcome)

    def create_group(self) -> None:
        """Makes the group that everybody will join. Takes the first of the installation's ids, as `load` knows."""
        self.send(CreateGroup(str(RequestId(self.installation, 1)), GROUP))
        self.wait_for(Created)


def connect(port: int, count: int, *, first: int = 0, logged_in: bool = True) -> list[Connection]:
    """So many connections, some at a time: the server bounds how many may be at the door at once."""

    def one(number: int) -> Connection:
        connection = Connection(port, number)
        if logged_in:
            connection.log_in()
        return connection

    with ThreadPoolExecutor(_LOG_INS_AT_ONCE) as pool:
        return list(pool.map(one, range(first, first + count)))


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What the members of the group do. per_s: 0 for the next message as soon as one is acknowledged."""

    senders: int
    in_flight: int = 0
    per_s: int = 0
    warm_up_s: float
    measured_s: float
    sample_every: int


class Crowd:
    """Connections in the hands of a `load` process."""

    def __init__(self, load: Path, connections: list[Connection], talk: Talk | None) -> None:
        told: tuple[object, ...] = ("-", *7 * (0,))
        if talk is not None:
            numbers = (talk.senders, talk.in_flight, talk.per_s, talk.warm_up_s, talk.measured_s, talk.sample_every)
            told = (GROUP, *numbers, ACK_ENTRIES_MAX)
        descriptors = [connection.socket.fileno() for connection in connections]
        self._process = subprocess.Popen(
            [load, *map(str, told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=descriptors, text=True
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        lines = (f"{connection.socket.fileno()} {connection.installation:x}\n" for connection in connections)
        self._input.write("".join(lines) + "\n")
        self._input.flush()
        for connection in connections:
            connection.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """The end of its input ends an idle crowd; a talking one ends by itself."""
        self._input.close()
        self._output.close()
        status = self._process.wait()
        if status != 0 and exception[0] is None:
            raise RuntimeError(f"load ended with status {status}")

    def wait_for(self, wanted: str) -> None:
        """Until `load` has said so."""
        line = self._line()
        if line != wanted:
            raise RuntimeError(f"load said {line!r} where {wanted!r} comes")

    def measure(self, meters: Callable[[], dict[str, float]]) -> dict[str, Any]:
        """What `load` counted, and by how much the meters grew in the meantime."""
        self.wait_for("joined")
        self.wait_for("measuring")
        before = meters()
        self.wait_for("measured")
        grown = {name: value - before[name] for name, value in meters().items()}
        seen: dict[str, Any] = json.loads(self._line())
        self.wait_for("settled")
        return seen | grown

    def _line(self) -> str:
        line = self._output.readline().strip()
        if not line:
            raise RuntimeError("load ended without its figures; its last line says why")
        return line
