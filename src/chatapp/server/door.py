"""The door: every connection passes it before it has said anything.

A connection has so long to make its first request, and so many may be waiting to: the HTTP library itself waits for
ever. The door holds a connection from its accept until its first request comes or it closes.
"""

from collections.abc import Callable
from time import monotonic

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from chatapp.server.counts import Counts


class Door:
    """A protocol factory around the HTTP library's own, `make`."""

    def __init__(self, make: Callable[[], RequestHandler], timeout_s: float, waiting_max: int, counts: Counts) -> None:
        self._make = make
        self._timeout_s = timeout_s
        self._waiting_max = waiting_max
        self._counts = counts
        self._waiting: dict[RequestHandler, float] = {}

    def __call__(self) -> RequestHandler:
        """A new connection; where too many wait already, the oldest of them is closed."""
        handler = self._make()
        self._waiting[handler] = monotonic()
        if len(self._waiting) > self._waiting_max:
            self._turn_away(next(iter(self._waiting)), "too_many_unauthenticated")
        return handler

    @property
    def waiting(self) -> int:
        """How many connections haven't asked for anything."""
        return len(self._waiting)

    def asked(self, request: web.Request) -> None:
        """The connection has made its first request, or another."""
        if isinstance(request.protocol, RequestHandler):
            self._waiting.pop(request.protocol, None)

    def sweep(self) -> None:
        """Closes those whose time is over; they are in the order of their coming."""
        late = monotonic() - self._timeout_s
        while self._waiting and (oldest := next(iter(self._waiting.items())))[1] <= late:
            self._turn_away(oldest[0], "handshake_timeout")

    def _turn_away(self, handler: RequestHandler, code: str) -> None:
        del self._waiting[handler]
        if handler.transport is not None and not handler.transport.is_closing():
            self._counts.violations[code] += 1
            handler.transport.abort()
