"""The door: every connection passes it before it has said anything.

A connection has so long for its TLS handshake and its first request, and so many may be waiting to make one: the HTTP
library bounds neither. The door holds a connection from its accept until its first request comes or it closes.
"""

import asyncio
from time import monotonic
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from chatapp.model.settings import ServerSettings
from chatapp.server.counts import Counts


class Door:
    """The protocol factory of the port, around the HTTP library's `server`."""

    def __init__(self, server: web.Server, settings: ServerSettings, counts: Counts) -> None:
        self._server = server
        self._timeout_s = settings.handshake_timeout_s
        self._waiting_max = settings.unauthenticated_max
        self._counts = counts
        self._outside: dict[Visitor, float] = {}
        self._waiting: dict[Visitor, float] = {}

    def __call__(self) -> "Visitor":
        """A new connection. Where there is TLS it is outside at first: nothing can be done to it but wait."""
        # The library closes idle connections too, and tells nobody: the door, which counts, comes first.
        visitor = Visitor(self, self._server, 2 * self._timeout_s)
        self._outside[visitor] = monotonic()
        return visitor

    @property
    def waiting(self) -> int:
        """How many connections haven't asked for anything."""
        return len(self._outside) + len(self._waiting)

    def came_in(self, visitor: "Visitor") -> None:
        """TLS is done, where there is TLS. Where too many wait already, the oldest of them is closed."""
        self._waiting[visitor] = self._outside.pop(visitor, monotonic())
        if len(self._waiting) > self._waiting_max:
            self._turn_away(min(self._waiting, key=self._waiting.__getitem__), "too_many_unauthenticated")

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
        """Closes those whose time is over. Those outside the event loop has closed: in time too, or for not speaking
        TLS; here they are counted."""
        late = monotonic() - self._timeout_s
        while self._outside and (oldest := next(iter(self._outside.items())))[1] <= late:
            del self._outside[oldest[0]]
            self._counts.violations["handshake_timeout"] += 1
        for visitor in [visitor for visitor, since in self._waiting.items() if since <= late]:
            self._turn_away(visitor, "handshake_timeout")

    def _turn_away(self, visitor: "Visitor", code: str) -> None:
        del self._waiting[visitor]
        if visitor.transport is not None and not visitor.transport.is_closing():
            self._counts.violations[code] += 1
            visitor.transport.abort()


class Visitor(RequestHandler):
    """A connection that speaks HTTP, or should."""

    def __init__(self, door: Door, server: web.Server, keep_alive_s: float) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(server, loop=loop, keepalive_timeout=keep_alive_s, access_log=cast(Any, None))
        self._door = door
        self.received_bytes = 0

    def data_received(self, data: bytes) -> None:
        """The event loop's call. Bytes are counted as they come: a long frame is whole only after many of them."""
        self.received_bytes += len(data)
        super().data_received(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The event loop's call, after the TLS handshake."""
        super().connection_made(transport)
        self._door.came_in(self)

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
