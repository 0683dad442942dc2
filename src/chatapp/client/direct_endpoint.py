"""iroh, as the direct link needs it: one UDP port for both families, no relays, no discovery. Imported only when used.

All that iroh raises becomes Unavailable here. (Its errors say something in `message()`, never in `str()`: a line for
each cause, the root of it last.)
"""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

import iroh

from chatapp.client.direct_addresses import any_port, host, is_declarable, is_dialable, own_addresses
from chatapp.client.direct_copying import install
from chatapp.model.errors import CannotStart, ExitStatus, Unavailable
from chatapp.model.limits import (
    ADDRESSES_MAX,
    DIRECT_ANY_PORT_TRIES,
    DIRECT_CHUNK_BYTES_MAX,
    DIRECT_CLOSE_TIMEOUT_S,
)
from chatapp.protocol.direct import APPLICATION_PROTOCOL, CloseCode

_FAMILIES = ("0.0.0.0", "[::]")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except iroh.IrohError as error:
        raise Unavailable(error.message().strip().rpartition("\n")[2].strip()) from None


class Stream:
    """A bidirectional stream."""

    def __init__(self, stream: iroh.BiStream) -> None:
        self._sending = stream.send()
        self._receiving = stream.recv()

    async def write(self, data: bytes) -> None:
        """Returns when all of it is in the send window: a peer that doesn't read holds its writer up."""
        with _told():
            await self._sending.write_all(data)

    async def read(self) -> bytes:
        """Some bytes, a chunk at most; none at the end of the stream."""
        with _told():
            return await self._receiving.read(DIRECT_CHUNK_BYTES_MAX)


class Connection:
    """A QUIC connection whose other end has proven that it holds `key`."""

    def __init__(self, connection: iroh.Connection) -> None:
        self._connection = connection
        self.key: bytes = connection.remote_id().to_bytes()

    @property
    def is_open(self) -> bool:
        """Whether neither end has closed it, as far as this end knows."""
        return self._connection.close_reason() is None

    @property
    def round_trip_s(self) -> float | None:
        """QUIC's own estimate of the path."""
        milliseconds = self._connection.rtt()
        return None if milliseconds is None else milliseconds / 1000

    async def open_stream(self) -> Stream:
        """A stream to send on."""
        with _told():
            return Stream(await self._connection.open_bi())

    async def accept_stream(self) -> Stream:
        """The next stream that the peer opens."""
        with _told():
            return Stream(await self._connection.accept_bi())

    async def await_one_way_stream(self) -> None:
        """Returns when the peer opens a stream that nothing here has a use for."""
        with _told():
            await self._connection.accept_uni()

    def close(self, code: CloseCode, reason: str) -> None:
        """At once; only the first close counts."""
        self._connection.close(code, reason.encode())


class Arrival:
    """Somebody dials; nothing is answered yet. proven: its address isn't forged (RFC 9000, 8.1)."""

    def __init__(self, incoming: iroh.Incoming, address: str, *, proven: bool) -> None:
        self._incoming = incoming
        self.address = address
        self.proven = proven

    async def accept(self) -> Connection:
        """The handshake."""
        with _told():
            return Connection(await (await self._incoming.accept()).connect())

    async def prove(self) -> None:
        """Asks for a proof of the address: it dials again, proven."""
        with _told():
            await self._incoming.retry()

    async def refuse(self) -> None:
        """Turns it away."""
        with _told():
            await self._incoming.refuse()


class _OnePort(iroh.Preset):
    """Both families on one port. (`bind_addr` alone would open the other one anywhere.)"""

    def __init__(self, port: int) -> None:
        self._port = port

    def apply(self, builder: iroh.EndpointBuilder) -> None:
        """Nobody but one UPnP router on the local network is asked anything (docs/threats.md)."""
        builder.apply_minimal()
        builder.relay_mode(iroh.RelayMode.disabled())
        for address in _FAMILIES:
            builder.bind_addr(f"{address}:{self._port}")


class Endpoint:
    """The UDP port `port` of one identity. Make it with `open`."""

    def __init__(self, endpoint: iroh.Endpoint, port: int) -> None:
        self._endpoint: iroh.Endpoint | None = endpoint
        self.port = port

    @classmethod
    async def open(cls, seed: bytes, port: int, *, fixed: bool) -> "Endpoint":
        """fixed: that port or none, otherwise it is a wish. Raises CannotStart, and Unavailable if no port will do."""
        install()
        if port:
            try:
                return await cls._bind(seed, port)
            except Unavailable as error:
                if fixed:
                    line = f"Error: the client port {port} is in use. Choose another one, or 0 for any that is free."
                    raise CannotStart(line, ExitStatus.USAGE) from error
        for _ in range(DIRECT_ANY_PORT_TRIES - 1):
            with contextlib.suppress(Unavailable):
                return await cls._bind(seed, any_port())
        return await cls._bind(seed, any_port())

    @classmethod
    async def _bind(cls, seed: bytes, port: int) -> "Endpoint":
        with _told():
            options = iroh.EndpointOptions(preset=_OnePort(port), secret_key=seed, alpns=[APPLICATION_PROTOCOL])
            return cls(await iroh.Endpoint.bind(options), port)

    @property
    def addresses(self) -> tuple[str, ...]:
        """This machine's private and link-local IP addresses, as far as they can be dialled without a zone."""
        found = [] if self._endpoint is None else [host(a) for a in self._endpoint.addr().direct_addresses()]
        found += own_addresses()
        return tuple(dict.fromkeys(address for address in found if is_declarable(address)))[:ADDRESSES_MAX]

    async def dial(self, key: bytes, addresses: Sequence[str]) -> Connection:
        """Whoever holds that key, at whichever of the addresses (`host:port`) answers first."""
        if self._endpoint is None:
            raise Unavailable("the direct link is closed")
        usable = [address for address in addresses[:ADDRESSES_MAX] if is_dialable(address)]
        with _told():
            target = iroh.EndpointAddr(iroh.EndpointId.from_bytes(key), None, usable)
            return Connection(await self._endpoint.connect(target, APPLICATION_PROTOCOL))

    async def arrival(self) -> Arrival | None:
        """The next one who dials; None when this end is closed."""
        while self._endpoint is not None and (incoming := await self._endpoint.accept_next()) is not None:
            with contextlib.suppress(Unavailable), _told():
                source = await incoming.remote_addr()
                if isinstance(source, iroh.IncomingAddr.IP):
                    return Arrival(incoming, host(source.addr), proven=await incoming.remote_addr_validated())
        return None

    async def close(self) -> None:
        """Tells the peers, and gives the port back."""
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None:
            with contextlib.suppress(TimeoutError, Unavailable), _told():
                async with asyncio.timeout(DIRECT_CLOSE_TIMEOUT_S):
                    await endpoint.close()
