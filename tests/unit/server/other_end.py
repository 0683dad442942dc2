"""The other ends of real links: a socket pair, our Link at one end, and at the other somebody who reads, or doesn't."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from aiohttp import web

from chatapp.model.ids import SessionNumber
from chatapp.model.messages import Entry, FromServer
from chatapp.protocol.codec import decode_from_server
from chatapp.server.links import Link

_PATIENCE_S = 20.0


class OtherEnd:
    """Reads when a test says so, and not before."""

    def __init__(self, number: SessionNumber, transport: asyncio.Transport, sock: socket.socket) -> None:
        self.sent_bytes = 0
        self.link = Link(number, web.WebSocketResponse(), transport, lambda: self.sent_bytes)
        self.transport = transport
        self._socket = sock
        self._unread = b""
        self.has_ended = False
        self.got: list[FromServer] = []

    async def reads(self) -> None:
        """Takes what is on the way, or waits for something."""
        async with asyncio.timeout(_PATIENCE_S):
            data = await asyncio.get_running_loop().sock_recv(self._socket, 1 << 20)
        self.has_ended = not data
        self._unread += data
        while (payload := self._next_payload()) is not None:
            self.got.append(decode_from_server(payload))

    async def reads_until(self, seq: int) -> None:
        """Reads until it has that entry."""
        while not self.entries or self.entries[-1].seq < seq:
            await self.reads()

    async def reads_up_to(self, message: FromServer) -> None:
        """Reads until it has that message."""
        while message not in self.got:
            await self.reads()

    async def reads_all(self) -> None:
        """Reads until the connection ends."""
        while not self.has_ended:
            await self.reads()

    @property
    def entries(self) -> list[Entry]:
        return [message for message in self.got if isinstance(message, Entry)]

    @property
    def seqs(self) -> list[int]:
        return [entry.seq for entry in self.entries]

    def _next_payload(self) -> bytes | None:
        data = self._unread
        if len(data) < 2:
            return None
        sizes = {126: 2, 127: 8}
        begin = 2 + sizes.get(data[1], 0)
        size = int.from_bytes(data[2:begin], "big") if data[1] in sizes else data[1]
        if len(data) < begin + size:
            return None
        self._unread = data[begin + size :]
        return data[begin : begin + size]


@contextlib.asynccontextmanager
async def other_ends(count: int) -> AsyncIterator[list[OtherEnd]]:
    """So many of them, numbered from 1."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as sockets:
        ends = []
        for number in range(1, count + 1):
            ours, theirs = (sockets.enter_context(end) for end in socket.socketpair())
            theirs.setblocking(False)
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
            end = OtherEnd(SessionNumber(number), transport, theirs)
            sockets.callback(_abort, transport)
            ends.append(end)
        yield ends


def _abort(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.abort()
