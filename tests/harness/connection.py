"""A TCP connection, with TLS or without, that sends any bytes and whose received bytes a thread hands over.

TLS runs over memory: the thread that reads and the test that writes share one TLS state under a lock, which a blocking
SSLSocket can't do.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

from harness.loop import Reachable
from harness.path import reset, small_buffers
from harness.waiting import PATIENCE_S

_READ_BYTES_MAX = 64 * 1024


def trusting_context() -> ssl.SSLContext:
    """TLS that verifies nothing: the server's certificate is its own, and pinning isn't the harness's business."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Bytes:
    """Bytes to and from `at`. buffer_bytes: of its socket, for a reader that is to be felt early as a slow one."""

    def __init__(self, at: Reachable, *, tls: bool, buffer_bytes: int | None = None) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in at.host else socket.AF_INET)
        if buffer_bytes is not None:
            small_buffers(self.socket, buffer_bytes)
        self.socket.settimeout(PATIENCE_S)
        self.socket.connect((at.host, at.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._state_lock, self._send_lock = threading.Lock(), threading.Lock()
        self._tls: ssl.SSLObject | None = None
        self._tls_has_ended = False
        self._may_read = threading.Event()
        self._may_read.set()
        self._thread: threading.Thread | None = None
        if tls:
            self._tls = trusting_context().wrap_bio(self._in, self._out)
            self._shake_hands(self._tls)

    def _shake_hands(self, tls: ssl.SSLObject) -> None:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                self.socket.sendall(self._out.read())
                data = self.socket.recv(_READ_BYTES_MAX)
                if not data:
                    raise ConnectionResetError("the server closed during the TLS handshake") from None
                self._in.write(data)
            else:
                self.socket.sendall(self._out.read())
                return

    def read_on(self, feed: Callable[[bytes], None], close: Callable[[], None]) -> None:
        """From now on a thread feeds what comes, and says when nothing more can come."""

        def read() -> None:
            try:
                while True:
                    self._may_read.wait()
                    with contextlib.suppress(TimeoutError):  # nothing came for a while: no reason to stop
                        data = self.socket.recv(_READ_BYTES_MAX)
                        if not data:
                            break
                        feed(self._decrypted(data))
                        if self._tls_has_ended:
                            self._end_tls()
                            break  # nothing more may come (RFC 8446, 6.1), though TCP may stand for a while
            except OSError:
                pass  # reset by the other end, or closed by ours
            finally:
                close()

        self._thread = threading.Thread(target=read, daemon=True)
        self._thread.start()

    def _decrypted(self, data: bytes) -> bytes:
        if self._tls is None:
            return data
        plain = bytearray()
        with self._state_lock, contextlib.suppress(ssl.SSLWantReadError):
            self._in.write(data)
            while part := self._tls.read(_READ_BYTES_MAX):
                plain += part
            self._tls_has_ended = True
        return bytes(plain)

    def _end_tls(self) -> None:
        """Answers close_notify with the same: the other end may wait for it before it closes."""
        with self._send_lock:
            with self._state_lock, contextlib.suppress(ssl.SSLError):
                if self._tls is not None:
                    self._tls.unwrap()
            self.socket.sendall(self._out.read())

    def send(self, data: bytes) -> None:
        """Sends the bytes, inside TLS if there is TLS. Raises OSError when the other end is gone."""
        with self._send_lock:
            if self._tls is not None:
                with self._state_lock:
                    self._tls.write(data)
                    data = self._out.read()
            self.socket.sendall(data)

    def send_below_tls(self, data: bytes) -> None:
        """Sends bytes as they are into the TCP stream: junk where a TLS record should be."""
        with self._send_lock:
            self.socket.sendall(data)

    def stop_reading(self) -> None:
        """Reads no more (but for what is being read): the other end's buffers fill."""
        self._may_read.clear()

    def go_on_reading(self) -> None:
        """Ends `stop_reading`."""
        self._may_read.set()

    def half_close(self) -> None:
        """Sends the end of the stream and goes on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Closes as a program does that ends."""
        self._end(socket.SHUT_RDWR, socket.socket.close)

    def abort(self) -> None:
        """Closes with a RST."""
        self._end(socket.SHUT_RD, reset)

    def _end(self, direction: int, close: Callable[[socket.socket], None]) -> None:
        self._may_read.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(direction)  # wakes the reading thread, which closing alone doesn't
        close(self.socket)
        if self._thread is not None:
            self._thread.join(PATIENCE_S)
