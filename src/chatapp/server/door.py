"""The door: every connection passes it before it has said anything.

A connection has so long for its TLS handshake and its first request, and so many may be busy with that; neither the
event loop nor the HTTP library bounds it. So the door accepts connections itself, and holds each until its first
request comes or it closes.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from chatapp.model.settings import ServerSettings
from chatapp.server.counts import Counts

_ACCEPT_AGAIN_S = 0.1
"""After an accept that failed: this process or machine is out of descriptors, until somebody closes."""

Start = Callable[[Coroutine[Any, Any, None], str], object]


class Door:
    """server: the HTTP library's; context: TLS, if there is TLS; start: runs a coroutine as a kept task."""

    def __init__(
        self,
        server: web.Server,
        context: ssl.SSLContext | None,
        settings: ServerSettings,
        counts: Counts,
        start: Start,
    ) -> None:
        self._server = server
        self._context = context
        self._timeout_s = settings.handshake_timeout_s
        self._waiting_max = settings.unauthenticated_max
        self._counts = counts
        self._start = start
        self._waiting: dict[Visitor, tuple[float, socket.socket]] = {}

    @property
    def waiting(self) -> int:
        """How many connections haven't asked for anything."""
        return len(self._waiting)

    async def open(self, listening: socket.socket) -> None:
        """Lets connections in, for ever."""
        while True:
            try:
                connection, _ = await asyncio.get_running_loop().sock_accept(listening)
            except OSError:
                await asyncio.sleep(_ACCEPT_AGAIN_S)
                continue
            # The library closes idle connections too, and tells nobody: the door, which counts, comes first.
            visitor = Visitor(self, self._server, 2 * self._timeout_s)
            self._waiting[visitor] = (monotonic(), connection)
            if len(self._waiting) > self._waiting_max:
                self._turn_away(next(iter(self._waiting)), "too_many_unauthenticated")
            self._start(self._let_in(visitor, connection), "handshake")

    async def _let_in(self, visitor: "Visitor", connection: socket.socket) -> None:
        timeout_s = None if self._context is None else 2 * self._timeout_s
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: visitor,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=timeout_s,
                ssl_shutdown_timeout=timeout_s,
            )
        except OSError as error:
            self.left(visitor)
            # An alert is the client's: it doesn't take our certificate, as any does that has never been here.
            if isinstance(error, ssl.SSLError) and "ALERT" not in (error.reason or ""):
                self._counts.violations["bad_tls"] += 1

    def asked(self, request: web.Request) -> None:
        """The connection has made its first request, or another."""
        if isinstance(request.protocol, Visitor):
            self.left(request.protocol)

    def left(self, visitor: "Visitor") -> None:
        """It waits no longer: it is served, or gone."""
        self._waiting.pop(visitor, None)

    def misspoke(self) -> None:
        """What came isn't HTTP."""
        self._counts.violations["bad_request"] += 1

    def sweep(self) -> None:
        """Closes those whose time is over; they are in the order of their coming."""
        late = monotonic() - self._timeout_s
        while self._waiting and (oldest := next(iter(self._waiting.items())))[1][0] <= late:
            self._turn_away(oldest[0], "handshake_timeout")

    def _turn_away(self, visitor: "Visitor", code: str) -> None:
        """Resets the connection, whatever it is about."""
        _, connection = self._waiting.pop(visitor)
        self._counts.violations[code] += 1
        with contextlib.suppress(OSError):  # it has just gone
            connection.shutdown(socket.SHUT_RDWR)


class Visitor(RequestHandler):
    """A connection that speaks HTTP, or should."""

    __slots__ = ("_door", "received_bytes")

    def __init__(self, door: Door, server: web.Server, keep_alive_s: float) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, keepalive_timeout=keep_alive_s, access_log=cast(Any, None))
        self._door = door
        self.received_bytes = 0

    def data_received(self, data: bytes) -> None:
        """The event loop's call. Bytes are counted as they come: a long frame is whole only after many of them."""
        self.received_bytes += len(data)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The event loop's call."""
        self._door.left(self)
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answers a client's mistake and counts it; the library would also write a traceback to the screen. A mistake
        of ours is written there."""
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        self._door.misspoke()
        response = web.Response(status=status, text=message)
        response.force_close()
        return response
