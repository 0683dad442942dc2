"""A link: one connection to one peer, and the two dialogues on it (protocol 9.3): ours to the peer, the peer's to us.

Each side sends on one stream that it opens with its first message. A second stream, or a one-way stream, would be room
for a hundred megabytes that nobody has asked for: it ends the link.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from chatapp.client.direct_endpoint import Connection, Stream
from chatapp.client.direct_policy import Room
from chatapp.model.errors import ProtocolViolation, Unavailable
from chatapp.model.limits import ACK_TIMEOUT_MAX_S, DIRECT_BYTES_PER_S, DIRECT_HANDSHAKE_TIMEOUT_S
from chatapp.protocol.direct import (
    BODY_AT_ONCE_BYTES,
    Answer,
    CloseCode,
    PrivateAck,
    PrivateGo,
    PrivateHeader,
    PrivateMessage,
    PrivateRefused,
    Receiving,
    Sending,
    frame,
)

Start = Callable[[Coroutine[object, object, None], str], object]
Offered = Callable[[PrivateHeader], PrivateRefused | None]
Arrived = Callable[[PrivateMessage], Awaitable[PrivateAck | PrivateRefused]]
_Found = TypeVar("_Found")


class Link:
    """incoming: the peer dialled."""

    def __init__(self, connection: Connection, *, incoming: bool) -> None:
        self.key = connection.key
        self.incoming = incoming
        self.round_trip_s = connection.round_trip_s
        self._connection = connection
        self._stream: Stream | None = None
        self._violation: ProtocolViolation | None = None
        self._patience: _Patience | None = None

    @property
    def is_open(self) -> bool:
        """Whether neither side has closed it, as far as this side knows."""
        return self._connection.is_open

    def close(self, code: CloseCode, reason: str) -> None:
        """At once; only the first close counts."""
        self._connection.close(code, reason)

    # -- sending ------------------------------------------------------------------------------------------------
    async def send(self, sending: Sending, timeout_s: float) -> PrivateAck | PrivateRefused:
        """The recipient's answer. For one message at a time.

        timeout_s: a round trip on this path; the body has its own time on top. Raises Unavailable (no answer in time,
        or the link is gone) and ProtocolViolation; after either, and after cancellation, the link is of no more use.
        """
        answer = await self._exchange(self._write_first, sending, timeout_s)
        if isinstance(answer, PrivateGo):
            answer = await self._exchange(self._write_rest, sending, timeout_s)
        assert not isinstance(answer, PrivateGo), "Sending lets one `private_go` through"
        return answer

    async def _exchange(
        self, write: Callable[[Sending], Awaitable[Stream]], sending: Sending, timeout_s: float
    ) -> Answer:
        size = 0 if sending.waits_for_go else sending.size
        try:
            async with asyncio.timeout(timeout_s + size / DIRECT_BYTES_PER_S) as timeout:
                self._patience = _Patience(timeout, timeout_s)
                stream = await write(sending)
                while True:
                    data = await stream.read()
                    if not data:
                        raise Unavailable("the peer ended the stream")
                    answer = sending.feed(data)
                    if answer is not None:
                        return answer
        except TimeoutError:
            raise Unavailable("no answer in time") from None
        finally:
            self._patience = None

    async def _write_first(self, sending: Sending) -> Stream:
        if self._stream is None:
            self._stream = await self._connection.open_stream()
        await self._stream.write(sending.first())
        return self._stream

    async def _write_rest(self, sending: Sending) -> Stream:
        assert self._stream is not None
        for piece in sending.rest():
            await self._stream.write(piece)
        return self._stream

    # -- receiving ----------------------------------------------------------------------------------------------
    async def serve(self, offered: Offered, arrived: Arrived, room: Room, start: Start) -> None:
        """Takes the peer's messages, one after the other, until the link ends.

        offered: refuses a message by its header, or doesn't; arrived: stores it and says what to answer. Raises
        Unavailable when the link is gone, ProtocolViolation, and what `arrived` raises.
        """
        start(self._forbid(self._connection.await_one_way_stream), "direct link: one-way streams")
        try:
            stream = await self._connection.accept_stream()
            start(self._forbid(self._connection.accept_stream), "direct link: second stream")
            receiving = Receiving()
            while (header := await self._next_header(stream, receiving)) is not None:
                await self._take(header, stream, receiving, offered, arrived, room)
        except Unavailable:
            if self._violation is not None:
                raise self._violation from None
            raise

    async def _next_header(self, stream: Stream, receiving: Receiving) -> PrivateHeader | None:
        """None when the peer has ended its stream between two messages. It may be silent there as long as it likes."""
        if receiving.is_idle and not await self._feed(stream, receiving):
            return None
        return await self._await(receiving.header, DIRECT_HANDSHAKE_TIMEOUT_S, stream, receiving)

    async def _take(
        self,
        header: PrivateHeader,
        stream: Stream,
        receiving: Receiving,
        offered: Offered,
        arrived: Arrived,
        room: Room,
    ) -> None:
        answer: PrivateAck | PrivateRefused | None = offered(header)
        if answer is None and not room.take(header.size):
            answer = PrivateRefused(header.id, "busy", "Too much is on its way here.", DIRECT_HANDSHAKE_TIMEOUT_S)
        if answer is not None:
            receiving.refuse()
            await self._await(receiving.discarded, DIRECT_HANDSHAKE_TIMEOUT_S, stream, receiving)
        else:
            try:
                message = await self._body(header, stream, receiving)
                answer = message if isinstance(message, PrivateRefused) else await arrived(message)
                receiving.answered()
            finally:
                room.give(header.size)
        await stream.write(frame(answer))

    async def _body(
        self, header: PrivateHeader, stream: Stream, receiving: Receiving
    ) -> PrivateMessage | PrivateRefused:
        """When its time is over, the sender has given up already."""
        receiving.accept()
        if header.size > BODY_AT_ONCE_BYTES:
            await stream.write(frame(PrivateGo(header.id)))
        timeout_s = ACK_TIMEOUT_MAX_S + header.size / DIRECT_BYTES_PER_S
        return await self._await(receiving.message, timeout_s, stream, receiving)

    async def _await(
        self, look: Callable[[], _Found | None], timeout_s: float, stream: Stream, receiving: Receiving
    ) -> _Found:
        """What `look` finds, once enough has been read."""
        try:
            async with asyncio.timeout(timeout_s):
                while (found := look()) is None:
                    await self._feed(stream, receiving)
                return found
        except TimeoutError:
            raise ProtocolViolation("too_slow", "a message has its time") from None

    async def _feed(self, stream: Stream, receiving: Receiving) -> bool:
        """Reads once; False at the end of the stream. Raises ProtocolViolation if that is within a message."""
        data = await stream.read()
        if not data:
            receiving.end()
            return False
        receiving.feed(data)
        if self._patience is not None:
            self._patience.renew()
        return True

    async def _forbid(self, unwanted: Callable[[], Awaitable[object]]) -> None:
        try:
            await unwanted()
        except Unavailable:
            return  # the link ended
        self._violation = ProtocolViolation("second_stream", "a link has one stream each way")
        self.close(CloseCode.VIOLATION, self._violation.code)


class _Patience:
    """The time that an answer has. Any byte from the peer is progress: it is there, and its answer is behind those.

    Without this, two peers whose messages cross on a slow path would each close the link under the other's transfer.
    """

    def __init__(self, timeout: asyncio.Timeout, timeout_s: float) -> None:
        self._timeout = timeout
        self._timeout_s = timeout_s
        deadline_s = timeout.when()
        assert deadline_s is not None
        self._latest_s = deadline_s + ACK_TIMEOUT_MAX_S

    def renew(self) -> None:
        """Something came: from now on a round trip's time again, in all no more than a minute on top."""
        until_s = min(asyncio.get_running_loop().time() + self._timeout_s, self._latest_s)
        deadline_s = self._timeout.when()
        if deadline_s is not None and until_s > deadline_s and not self._timeout.expired():
            self._timeout.reschedule(until_s)
