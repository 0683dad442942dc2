"""One connection through a proxy: what one end sends reaches the other as the faults let it."""

import asyncio
import contextlib
import socket
import struct

from harness.figures import SIDES, Figures, Side
from harness.loop import settle, until

_READ_BYTES_MAX = 64 * 1024
_CHUNKS_MAX = 256
"""On their way in one direction: 16 MiB, so that a delay isn't a throttle."""
_PARTS_PER_S = 10
"""A throttled direction takes a tenth of a second's bytes at a time."""

Chunks = asyncio.Queue[tuple[float, bytes]]
"""What is on its way, and when it is due by the loop's clock."""


class Faults:
    """What is wrong with the path now. passing: cleared while nothing gets through, be it data or an ending."""

    def __init__(self) -> None:
        self.delay_s: dict[Side, float] = {"client": 0.0, "server": 0.0}
        self.bytes_per_s: dict[Side, int | None] = {"client": None, "server": None}
        self.passing = asyncio.Event()
        self.passing.set()


class Connection:
    """The sockets of both ends, and the two directions between them."""

    def __init__(self, faults: Faults, figures: Figures, client: socket.socket) -> None:
        self.ends: dict[Side, socket.socket] = {"client": client}
        self._faults = faults
        self._figures = figures

    async def run(self, upstream: socket.socket, address: tuple[str, int]) -> None:
        """Joins the client with `upstream`, until both ends have closed or one has reset. Cancelled, it leaves the
        ends as they are."""
        self.ends["server"] = upstream
        try:
            await self._faults.passing.wait()
            await asyncio.get_running_loop().sock_connect(upstream, address)
            async with asyncio.TaskGroup() as directions:
                for source, sink in (SIDES, SIDES[::-1]):
                    chunks: Chunks = asyncio.Queue(_CHUNKS_MAX)
                    directions.create_task(self._take(source, sink, chunks))
                    directions.create_task(self._deliver(sink, chunks))
        except* OSError:
            for end in self.ends.values():
                reset(end)
        else:
            for end in self.ends.values():
                end.close()

    async def _take(self, source: Side, towards: Side, chunks: Chunks) -> None:
        """Reads from one end. While nothing passes, a chunk is taken and no more: the sender's own buffers fill."""
        loop = asyncio.get_running_loop()
        data = b" "
        while data:
            await _readable(self.ends[source])
            rate = self._faults.bytes_per_s[towards]
            size = _READ_BYTES_MAX if rate is None else max(1, min(_READ_BYTES_MAX, rate // _PARTS_PER_S))
            try:
                data = self.ends[source].recv(size)
            except OSError:
                await self._faults.passing.wait()  # a lost connection is news that has to travel too
                raise
            self._figures.count(towards=towards, taken=len(data))
            await chunks.put((loop.time() + self._faults.delay_s[towards], data))
            if rate is not None:
                await until(loop.time() + len(data) / rate)
            await self._faults.passing.wait()

    async def _deliver(self, sink: Side, chunks: Chunks) -> None:
        """Hands over what is due, in order; the end of the stream too."""
        while True:
            due_s, data = await chunks.get()
            await until(due_s)
            await self._faults.passing.wait()
            if not data:
                self.ends[sink].shutdown(socket.SHUT_WR)
                return
            await asyncio.get_running_loop().sock_sendall(self.ends[sink], data)
            self._figures.count(towards=sink, passed=len(data))


async def _readable(end: socket.socket) -> None:
    """Returns when there is something to read: how much is read is decided only then."""
    loop = asyncio.get_running_loop()
    there: asyncio.Future[None] = loop.create_future()
    loop.add_reader(end, settle, there)
    try:
        await there
    finally:
        loop.remove_reader(end)


def reset(end: socket.socket) -> None:
    """Closes with a RST instead of a FIN."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def small_buffers(end: socket.socket, size_bytes: int) -> None:
    """So little lies in the kernel's buffers that a sender feels early that the other end doesn't read."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size_bytes)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)
