"""A TCP path between client and server that a test breaks as real ones break, while it is in use.

Bytes pass as they are (TLS too), never reordered, invented or lost within a connection: that is TCP's promise on the
worst of networks. What a network can do is delay them, withhold them, or take the connection away from one end or both.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from harness.figures import SIDES, Figures, Side
from harness.journal import DONE, Journal
from harness.loop import LoopThread, Reachable
from harness.path import Connection, Faults, reset, small_buffers
from harness.ports import fresh_port
from harness.waiting import lasting

_BACKLOG = 512
_THROTTLED_BUFFER_BYTES = 32 * 1024
"""Small enough to be felt, and enough for a megabyte/s: with 4 KiB Linux passes 50,000 bytes/s, whatever is asked."""


class TcpProxy(Figures):
    """Listens on a port of its own and passes on to `upstream`. A fault is in force when its method returns.

    buffer_bytes: of its sockets, so that a sender feels early that nothing is read; the system's choice if None.
    from_host: the address that the server sees, another one of the loopback: 127.0.0.2.
    """

    def __init__(
        self,
        upstream: Reachable,
        journal: Journal,
        *,
        name: str = "proxy",
        buffer_bytes: int | None = None,
        from_host: str | None = None,
    ) -> None:
        super().__init__(name)
        self.host, self.port = "127.0.0.1", fresh_port()
        self._upstream = (upstream.host, upstream.port)
        self._journal = journal
        self._buffer_bytes = buffer_bytes
        self._from_host = from_host
        self._connections: dict[Connection, asyncio.Task[None]] = {}
        self._orphans: list[socket.socket] = []
        self._listening: tuple[socket.socket, asyncio.Task[None]] | None = None
        self._loop = LoopThread()
        self._faults = self._loop.run(self._open())

    # -- what happens to the path -------------------------------------------------------------------------------
    def heal(self) -> None:
        """As at the beginning: what was withheld passes, at full speed, and new connections are taken. Connections
        that were taken away stay so."""
        self._do("heals", self._heal())

    def delay(self, each_way_s: float, towards: Side | None = None) -> None:
        """What is sent arrives so much later, in order; the round trip takes twice as long."""
        self._set(f"delays by {each_way_s:g} s", towards, lambda side: self._faults.delay_s.update({side: each_way_s}))

    def throttle(self, bytes_per_s: int, towards: Side | None = None) -> None:
        """So few bytes pass, and what waits lies in the sender's buffers, not here."""
        self._buffer_bytes = min(self._buffer_bytes or _THROTTLED_BUFFER_BYTES, _THROTTLED_BUFFER_BYTES)
        self._set(
            f"passes {bytes_per_s} bytes/s", towards, lambda side: self._faults.bytes_per_s.update({side: bytes_per_s})
        )
        self._do("has small buffers", self._shrink_buffers(self._buffer_bytes))

    def black_hole(self) -> None:
        """Nothing gets through, not even that a connection ended; new connections get no answer. As TCP retransmits,
        what was sent meanwhile arrives after `heal`."""
        self._do("is a black hole", self._stop_passing())

    @contextmanager
    def black_hole_for(self, span_s: float) -> Iterator[None]:
        """What happens inside happens during a black hole, which lasts at least so long; then the path heals."""
        self.black_hole()
        with lasting(span_s):
            yield
        self.heal()

    def cut(self, *, politely: bool = False) -> None:
        """Every connection is reset towards both ends (politely: closed)."""
        self._do("cuts", self._cut(politely))

    def half_open(self, closed: Side) -> None:
        """Every connection is reset towards one end; the other isn't told, and nobody reads what it sends.

        As when a firewall forgot the connection: `heal` doesn't bring it back nor end it; `cut` ends it.
        """
        self._do(f"half opens: closed towards the {closed}", self._half_open(closed))

    def refuse(self) -> None:
        """New connections are refused, as where nobody listens; open ones go on."""
        self._do("refuses connections", self._stop_listening())

    def close(self) -> None:
        """Ends everything."""
        self._loop.run(self._close())
        self._loop.close()

    def _set(self, what: str, towards: Side | None, change: Callable[[Side], None]) -> None:
        async def do() -> None:
            for side in SIDES if towards is None else (towards,):
                change(side)

        self._do(what if towards is None else f"{what} towards the {towards}", do())

    def _do(self, what: str, change: Coroutine[Any, Any, None]) -> None:
        self._journal.note(self.name, DONE, what)
        self._loop.run(change)

    # -- in the loop's thread -----------------------------------------------------------------------------------
    async def _open(self) -> Faults:
        self._start_listening()
        return Faults()

    def _start_listening(self) -> None:
        listener = socket.create_server((self.host, self.port), backlog=_BACKLOG)
        self._prepare(listener)
        self._listening = (listener, asyncio.create_task(self._accept(listener)))

    def _prepare(self, end: socket.socket) -> None:
        end.setblocking(False)
        if self._buffer_bytes is not None:
            small_buffers(end, self._buffer_bytes)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = await asyncio.get_running_loop().sock_accept(listener)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self._faults, self, client)
            self._connections[connection] = asyncio.create_task(self._serve(connection))

    async def _serve(self, connection: Connection) -> None:
        self.count(connections=1, opened=1)
        upstream = socket.socket(socket.AF_INET6 if ":" in self._upstream[0] else socket.AF_INET)
        self._prepare(upstream)
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._from_host is not None:
            upstream.bind((self._from_host, 0))
        try:
            await connection.run(upstream, self._upstream)
        finally:
            self._connections.pop(connection, None)
            self.count(opened=-1)

    async def _heal(self) -> None:
        self._faults.delay_s.update(dict.fromkeys(SIDES, 0.0))
        self._faults.bytes_per_s.update(dict.fromkeys(SIDES, None))
        self._faults.passing.set()
        if self._listening is None:
            self._start_listening()

    async def _stop_passing(self) -> None:
        self._faults.passing.clear()

    async def _shrink_buffers(self, size_bytes: int) -> None:
        for connection in self._connections:
            for end in connection.ends.values():
                small_buffers(end, size_bytes)

    async def _take_away(self) -> list[Connection]:
        """The connections, no longer joined, their ends as they are."""
        connections = dict(self._connections)
        for task in connections.values():
            task.cancel()
        await asyncio.gather(*connections.values(), return_exceptions=True)
        return list(connections)

    async def _cut(self, politely: bool) -> None:
        ends = [end for connection in await self._take_away() for end in connection.ends.values()] + self._orphans
        self._orphans = []
        for end in ends:
            if politely:
                end.close()
            else:
                reset(end)

    async def _half_open(self, closed: Side) -> None:
        for connection in await self._take_away():
            for side, end in connection.ends.items():
                if side == closed:
                    reset(end)
                else:
                    self._orphans.append(end)

    async def _stop_listening(self) -> None:
        if self._listening is not None:
            listener, accepting = self._listening
            self._listening = None
            accepting.cancel()
            await asyncio.gather(accepting, return_exceptions=True)
            listener.close()

    async def _close(self) -> None:
        await self._stop_listening()
        await self._cut(politely=True)
