"""A WebSocket connection that sends any frame, right or wrong, and hands over what it receives (RFC 6455)."""

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from harness.connection import Bytes
from harness.frames import Frame, Frames, Opcode, accept_of, frame, fresh_key, upgrade_request
from harness.loop import Reachable
from harness.waiting import PATIENCE_S, Watched

_HEAD_END = b"\r\n\r\n"
_ABNORMAL = 1006
"""RFC 6455, 7.4.1: there was no close frame."""


class Close(NamedTuple):
    """How the server ended the connection."""

    code: int
    reason: str


class WebSocket(Watched):
    """Connected and upgraded when it is made.

    on_text, on_end: called by the reading thread with each text message, and when nothing more can come.
    answers_pings: whether a ping gets its pong. buffer_bytes: see `Bytes`.
    """

    def __init__(
        self,
        at: Reachable,
        path: str,
        on_text: Callable[[bytes], None],
        on_end: Callable[[], None] = lambda: None,
        *,
        tls: bool = True,
        answers_pings: bool = True,
        buffer_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self.answers_pings = answers_pings
        self.pings = 0
        self._on_text, self._on_end = on_text, on_end
        self._head = b""
        self._upgraded = False
        self._frames = Frames()
        self._message = b""
        self._close: Close | None = None
        self._over = False
        self.bytes = Bytes(at, tls=tls, buffer_bytes=buffer_bytes)
        key = fresh_key()
        self.bytes.send(upgrade_request(f"{at.host}:{at.port}", path, key))
        self.bytes.read_on(self._feed, self._end)
        self.wait(lambda: self._upgraded or None, lambda: f"no upgrade:\n{self._head!r}", over=lambda: self._over)
        if f"sec-websocket-accept: {accept_of(key)}".lower().encode() not in self._head.lower():
            self.bytes.close()
            raise AssertionError(f"the server didn't upgrade: {self._head.decode(errors='backslashreplace')}")

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come."""
        return self._over

    def send_frame(
        self,
        opcode: int,
        payload: bytes,
        *,
        final: bool = True,
        masked: bool = True,
        reserved: int = 0,
        length: int | None = None,
    ) -> None:
        """Sends one frame; see `frames.frame` for what can be wrong with it."""
        self.bytes.send(frame(opcode, payload, final=final, masked=masked, reserved=reserved, length=length))

    def expect_close(self, patience_s: float = PATIENCE_S) -> Close:
        """Waits until the server has ended the connection: what its close frame said, code 1006 if there was none."""

        def look() -> Close | None:
            return (self._close or Close(_ABNORMAL, "")) if self._over else None

        return self.wait(look, lambda: "the server was to close the connection", patience_s=patience_s)

    # -- in the reading thread ------------------------------------------------------------------------------------
    def _feed(self, data: bytes) -> None:
        if not self._upgraded:
            self._head += data
            head, found, data = self._head.partition(_HEAD_END)
            if not found:
                return
            with self.changed:
                self._head, self._upgraded = head, True
                self.changed.notify_all()
        for received in self._frames.feed(data):
            self._take(received)

    def _take(self, received: Frame) -> None:
        match received.opcode:
            case Opcode.TEXT | Opcode.CONTINUATION:
                self._message += received.payload
                if received.final:
                    message, self._message = self._message, b""
                    self._on_text(message)
            case Opcode.PING:
                self.pings += 1
                if self.answers_pings:
                    self._reply(Opcode.PONG, received.payload)
            case Opcode.CLOSE:
                code = int.from_bytes(received.payload[:2], "big")
                self._close = Close(code, received.payload[2:].decode(errors="backslashreplace"))
                self._reply(Opcode.CLOSE, received.payload[:2])

    def _reply(self, opcode: Opcode, payload: bytes) -> None:
        with contextlib.suppress(OSError):  # the server may be gone
            self.send_frame(opcode, payload)

    def _end(self) -> None:
        with self.changed:
            self._over = True
            self.changed.notify_all()
        self._on_end()
