"""Who talks over direct links: people with the real thing, and strangers that speak bare QUIC to it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import iroh

from chatapp.client.direct import Direct
from chatapp.identity.keys import Identity
from chatapp.model.errors import StorageFailed
from chatapp.model.settings import ClientSettings
from chatapp.protocol.direct import (
    APPLICATION_PROTOCOL,
    AckMode,
    PrivateAck,
    PrivateHeader,
    PrivateMessage,
    PrivateRefused,
    frame,
)
from chatapp.tasks import TaskKeeper
from harness.waiting import PATIENCE_S

INSTALLATION = 0xAB
CONVERSATION = [f"beside {n}" for n in range(20)]
Found = TypeVar("Found")
Make = Callable[[str], "Person"]


async def soon(event: Awaitable[Found]) -> Found:
    """What is awaited; a failure if it never comes."""
    async with asyncio.timeout(PATIENCE_S):
        return await event


class Reachable(Protocol):
    """Who can be dialled: a person here, or a client in a process of its own."""

    @property
    def key(self) -> bytes: ...
    @property
    def address(self) -> str: ...


class Person:
    """Somebody with a direct link, who knows whom they were introduced to and keeps what comes in `arrived`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.identity = Identity(os.urandom(32))
        self.known: set[bytes] = set()
        self.mode: AckMode = "shown"
        self.arrived: list[PrivateMessage] = []
        self.reads = 0
        self.storing: asyncio.Queue[str] = asyncio.Queue()
        self.connected: asyncio.Queue[bytes] = asyncio.Queue()
        self.deaths: asyncio.Queue[BaseException] = asyncio.Queue()
        self.disk_fails = False
        self.disk_is_free = asyncio.Event()
        self.disk_is_free.set()
        self._counter = 0
        self._tasks = TaskKeeper(lambda name, error: self.deaths.put_nowait(error))

    async def open(self, port: int = 0, *, fixed: bool = True, **settings: float) -> "Person":
        """Listens."""
        self.direct = await Direct.open(
            self.identity.seed,
            port,
            admit=self.known.__contains__,
            receive=self._receive,
            connected=self.connected.put_nowait,
            settings=ClientSettings(**settings),  # type: ignore[arg-type]
            start=self._tasks.start,
            fixed=fixed,
        )
        return self

    @property
    def key(self) -> bytes:
        return self.identity.public

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.direct.port}"

    def message(self, body: str, to: str = "sana", counter: int | None = None) -> PrivateMessage:
        """The next message, or one again."""
        if counter is None:
            self._counter += 1
        return PrivateMessage(f"{INSTALLATION:016x}-{counter or self._counter}", self.name, to, 1, body)

    async def tells(self, other: "Person", body: str, addresses: Sequence[str] | None = None) -> AckMode:
        """Sends it, once."""
        addresses = [other.address] if addresses is None else addresses
        return await self.direct.send(other.key, addresses, self.message(body, other.name))

    async def _receive(self, key: bytes, message: PrivateMessage) -> PrivateAck | PrivateRefused:
        self.reads += 1
        self.storing.put_nowait(message.body)
        if self.disk_fails:
            raise StorageFailed("the disk is full")
        await self.disk_is_free.wait()
        self.arrived.append(message)
        return PrivateAck(message.id, self.mode)

    @property
    def bodies(self) -> list[str]:
        return [message.body for message in self.arrived]

    async def close(self) -> None:
        await self.direct.close()
        await self._tasks.close()


def introduce(*people: Person) -> None:
    """From now on they know each other's keys."""
    for one in people:
        one.known.update(other.key for other in people if other is not one)


@dataclass
class Stranger:
    """A bare QUIC connection to somebody's direct port. Closed by its `end`."""

    endpoint: iroh.Endpoint
    connection: iroh.Connection
    stream: iroh.BiStream

    @classmethod
    async def dials(cls, person: Reachable, identity: Identity | None = None) -> "Stranger":
        seed = os.urandom(32) if identity is None else identity.seed
        endpoint = await bare_endpoint(seed)
        target = iroh.EndpointAddr(iroh.EndpointId.from_bytes(person.key), None, [person.address])
        connection = await endpoint.connect(target, APPLICATION_PROTOCOL)
        return cls(endpoint, connection, await connection.open_bi())

    async def says(self, data: bytes) -> None:
        await self.stream.send().write_all(data)

    async def offers(self, size: int, counter: int = 1) -> None:
        """A header from aysha to sana."""
        await self.says(frame(PrivateHeader(f"{INSTALLATION:016x}-{counter}", "aysha", "sana", 1, size)))

    async def hears(self) -> str:
        """What comes next: the JSON of a frame."""
        length = int.from_bytes(await soon(self.stream.recv().read_exact(4)), "big")
        return (await soon(self.stream.recv().read_exact(length))).decode()

    async def is_closed(self) -> str | None:
        """Waits until the other end closes the connection; what it said why."""
        await soon(self.connection.closed())
        return self.connection.close_reason()

    async def end(self) -> None:
        self.connection.close(0, b"")
        await self.endpoint.close()


async def bare_endpoint(seed: bytes) -> iroh.Endpoint:
    return await iroh.Endpoint.bind(
        iroh.EndpointOptions(
            preset=iroh.preset_minimal(),
            relay_mode=iroh.RelayMode.disabled(),
            bind_addr="127.0.0.1:0",
            secret_key=seed,
            alpns=[APPLICATION_PROTOCOL],
        )
    )


async def goes_on(aysha: Person, sana: Person) -> bool:
    """Whether a conversation of twenty messages arrives."""
    for text in CONVERSATION:
        await aysha.tells(sana, text)
    return sana.bodies[-len(CONVERSATION) :] == CONVERSATION
