"""A link: one WebSocket connection, seen as a place to write frames.

Frames go to the transport directly: a library's send for each recipient costs fifty times a joined write. So the
back-pressure is ours too: who writes a lot asks `is_full` first. What is sent within one iteration of the loop leaves
in one write.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from time import monotonic

from aiohttp import WSCloseCode, web

from chatapp.model.ids import SessionNumber
from chatapp.model.limits import CATCH_UP_BYTES_MAX, LINK_BUFFER_BYTES_MAX
from chatapp.model.messages import Bye, ByeReason
from chatapp.protocol.codec import frame

_LOOK_EVERY_S = 0.01
"""How often a full link is looked at: the library tells nobody but itself when the transport has drained."""
_ONE_WATCH_S = 5.0
"""Two looks farther apart than this belong to two silences; the first look of one only takes the measure."""
_SEND_BUFFER_BYTES = CATCH_UP_BYTES_MAX
"""The kernel's share of what is on its way to a slow reader: small enough that its draining is seen soon."""

_CLOSE_REASON_BYTES_MAX = 120
"""A control frame holds 125 bytes, two of them the code (RFC 6455, 5.5)."""


class Link:
    """The connection `number`. received_bytes: how many have come from the client in all."""

    def __init__(
        self,
        number: SessionNumber,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport,
        received_bytes: Callable[[], int] = lambda: 0,
    ) -> None:
        self.number = number
        self._websocket = websocket
        self._transport = transport
        self._pending: list[bytes] = []
        self._written = 0
        self._received_bytes = received_bytes
        self._received_before = 0
        self._looked_at = 0.0
        self._unsent_before = 0
        self._written_before = 0
        self._socket: socket.socket | None = transport.get_extra_info("socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)

    def send(self, frame: bytes, schedule: Callable[["Link"], None]) -> None:
        """Has the frame leave with this iteration's write; `schedule` is called for the first."""
        if not self._pending:
            schedule(self)
        self._pending.append(frame)

    def write(self, data: bytes) -> None:
        """Hands the bytes to the transport at once."""
        self._written += len(data)
        self._transport.write(data)

    def flush(self) -> None:
        """Writes what was sent."""
        if self._pending:
            data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
            self._pending = []
            if self._transport.get_write_buffer_size() > LINK_BUFFER_BYTES_MAX:
                self._transport.abort()  # it takes nothing of what it is owed
            elif not self._transport.is_closing():
                self.write(data)

    @property
    def is_full(self) -> bool:
        """Whether more than one piece of a log waits in our own buffer."""
        return self._transport.get_write_buffer_size() > CATCH_UP_BYTES_MAX

    @property
    def is_closing(self) -> bool:
        """Whether writing is pointless."""
        return self._transport.is_closing()

    def shows_life(self) -> bool:
        """Whether bytes have come from the client, or it takes what it is sent, since this was last asked."""
        drained = self.has_drained()
        received, now = self._received_bytes(), monotonic()
        came = received > self._received_before and now - self._looked_at < _ONE_WATCH_S
        self._received_before, self._looked_at = received, now
        return drained or came

    def has_drained(self) -> bool:
        """Whether the client takes what it is sent, slowly: of the bytes that waited when this was last asked, some
        have left (from our buffer, or acknowledged by its kernel to ours), and some wait still.

        Where all of them have left, its kernel has room, which says nothing of the client.
        """
        unsent = self._transport.get_write_buffer_size() + self._unacknowledged_bytes()
        waiting_still = unsent - (self._written - self._written_before)
        drained = 0 < waiting_still < self._unsent_before
        self._unsent_before, self._written_before = unsent, self._written
        return drained

    def _unacknowledged_bytes(self) -> int:
        """What the kernel has sent or will send, unacknowledged by the peer's kernel (Linux: tcp(7), SIOCOUTQ)."""
        if sys.platform != "linux" or self._socket is None:
            return 0
        import fcntl
        import termios

        try:
            answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        return int.from_bytes(answer, sys.byteorder)

    async def wait_for_room(self) -> None:
        """Returns when the client has read enough of what it asked for; until then it is asked nothing."""
        while self.is_full and not self.is_closing:  # noqa: ASYNC110 - there is no event to await
            await asyncio.sleep(_LOOK_EVERY_S)

    async def close_with(self, reason: ByeReason | None) -> None:
        """Says `bye`, if there is a reason to tell, and closes."""
        if reason is not None and not self.is_closing:
            self.flush()
            self.write(frame(Bye(reason)))
        await self.close()

    async def close(self, code: int = WSCloseCode.OK, reason: str = "") -> None:
        """Sends what is pending and a close frame, and ends the connection. A slow reader isn't waited for: it gets
        what our buffer holds, or nothing more if that is much."""
        self.flush()
        if self.is_full:
            self._transport.abort()
        elif self._transport.get_write_buffer_size() > 0:
            self._transport.close()
        else:
            await self._websocket.close(code=code, message=reason.encode()[:_CLOSE_REASON_BYTES_MAX])
