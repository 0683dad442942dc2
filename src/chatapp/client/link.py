"""The link: one connection to the server, from its first byte to its last.

The server's certificate is checked before a byte is sent. What comes in is gathered for the owner, who takes all there
is at once, so that a thousand entries cost one transaction; probes are answered here, whatever the owner is doing.
"""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

import aiohttp
import msgspec
from aiohttp import WSMsgType

from chatapp.identity.keys import Identity
from chatapp.identity.known_servers import ServerKeyChanged, is_fingerprint, is_server_id
from chatapp.identity.login import sign
from chatapp.model.errors import ChatappError, ProtocolViolation, Unavailable
from chatapp.model.limits import ENVELOPE_BYTES_MAX, MIB, TEXT_BYTES_MAX
from chatapp.model.lines import bracketed
from chatapp.model.messages import (
    PROTOCOL_VERSION,
    Alive,
    Challenge,
    FromClient,
    FromServer,
    Probe,
    Refused,
    Register,
    Welcome,
)
from chatapp.model.settings import ClientSettings
from chatapp.protocol.codec import decode_from_server, encode

_FRAME_BYTES_MAX = 16 * TEXT_BYTES_MAX + ENVELOPE_BYTES_MAX
"""A history answer is the largest frame: texts of one piece of a log, and the server may allow longer texts."""
_WAITING_BYTES_MAX = 8 * MIB
"""What may wait for the owner before the socket isn't read any more."""
_CLOSE_TIMEOUT_S = 0.5
"""How long a closed connection's other side has to say so too."""

Start = Callable[[Coroutine[Any, Any, None], str], object]
Socket = aiohttp.ClientWebSocketResponse[bool]


class HostUnknown(Unavailable):
    """There is no host of that name."""


class WithoutTls(Unavailable):
    """The server speaks plain text where TLS was expected."""


class NotAdmitted(ChatappError):
    """The server refused the log-in; code and text are its own."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.text)
        self.code = refused.code
        self.text = refused.text


class Link:
    """An open connection. server_id: whose it is."""

    def __init__(self, session: aiohttp.ClientSession, websocket: Socket, start: Start) -> None:
        self._session = session
        self._websocket = websocket
        self._start = start
        self._waiting: deque[FromServer] = deque()
        self._waiting_bytes = 0
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._over = asyncio.Event()
        self._challenge: Challenge
        self.server_id = ""

    @classmethod
    async def connect(cls, host: str, port: int, known: str | None, settings: ClientSettings, start: Start) -> "Link":
        """Connects to the server with the id `known`, or to whichever is there, and takes its challenge.

        start: runs a coroutine as a kept task. Raises Unavailable; ServerKeyChanged when another server than the known
        one answers; ProtocolViolation.
        """
        session = aiohttp.ClientSession()
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                websocket, proven = await _open(session, host, port, known, settings)
                link = cls(session, websocket, start)
                await link._take_challenge(host, port, known, proven)
            return link
        except BaseException as error:
            await session.close()
            if isinstance(error, aiohttp.ServerFingerprintMismatch):
                raise ServerKeyChanged(host, port, error.got.hex()) from None
            if isinstance(error, aiohttp.ClientConnectorDNSError):
                raise HostUnknown(host) from error
            if isinstance(error, aiohttp.ClientConnectorSSLError):
                raise WithoutTls(f"the server at {bracketed(host)}:{port} doesn't speak TLS") from error
            if isinstance(error, (aiohttp.ClientError, OSError, TimeoutError)):
                raise Unavailable(_reason(error)) from error
            raise

    async def _take_challenge(self, host: str, port: int, known: str | None, proven: str | None) -> None:
        """The id that the server states must be the one that TLS has proven, or without TLS the one that is known."""
        challenge = await self._receive()
        if not isinstance(challenge, Challenge):
            raise ProtocolViolation("no_challenge", "the server didn't begin with a challenge")
        if PROTOCOL_VERSION not in challenge.versions:
            raise Unavailable(
                f"the server speaks versions {challenge.versions} of the protocol, not {PROTOCOL_VERSION}"
            )
        if not is_server_id(challenge.server):
            raise ProtocolViolation("bad_server_id", "the server's id is neither a fingerprint nor a host name")
        expected = known if proven is None else proven
        if expected is not None and challenge.server != expected:
            raise ServerKeyChanged(host, port, challenge.server)
        self._challenge = challenge
        self.server_id = challenge.server

    async def log_in(
        self,
        identity: Identity,
        name: str,
        installation: int,
        port: int,
        addresses: tuple[str, ...],
        roster: tuple[str, int],
    ) -> Welcome:
        """Proves the identity and claims the name; from then on messages are gathered. Raises NotAdmitted,
        Unavailable."""
        register = Register(
            PROTOCOL_VERSION, name, identity.public.hex(), "", f"{installation:016x}", port, addresses, roster
        )
        register = msgspec.structs.replace(register, signature=sign(identity, self._challenge, register))
        await self.send(register)
        answer = await self._receive()
        if isinstance(answer, Refused):
            raise NotAdmitted(answer)
        if not isinstance(answer, Welcome):
            raise ProtocolViolation("no_welcome", "the server neither welcomed nor refused")
        self._start(self._read(), "link")
        return answer

    async def send(self, message: FromClient) -> None:
        """Returns when the bytes have left, or nearly. Raises Unavailable."""
        try:
            await self._websocket.send_frame(encode(message), WSMsgType.TEXT)
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(_reason(error)) from error

    async def messages(self) -> list[FromServer]:
        """All that came since the last call, at least one. Raises Unavailable at the connection's end."""
        await self._came.wait()
        if not self._waiting:
            raise Unavailable("the connection has ended")
        messages = list(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._room.set()
        if not self._over.is_set():
            self._came.clear()
        return messages

    async def ended(self) -> None:
        """Returns when the server has closed the connection, or hasn't in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._over.wait()

    async def close(self) -> None:
        """Ends the connection; a peer that doesn't answer isn't waited for long."""
        with contextlib.suppress(aiohttp.ClientError, OSError):
            await self._websocket.close()
        await self._session.close()

    async def _read(self) -> None:
        try:
            while True:
                message = await self._receive()
                if isinstance(message, Probe):
                    with contextlib.suppress(Unavailable):  # too late; but what came behind it is still read
                        await self.send(Alive(message.n))
                    continue
                self._waiting.append(message)
                self._came.set()
                if self._waiting_bytes > _WAITING_BYTES_MAX:
                    self._room.clear()
                    await self._room.wait()
        except (Unavailable, ProtocolViolation):
            pass  # the owner sees the end once it has taken what came before
        finally:
            self._over.set()
            self._came.set()

    async def _receive(self) -> FromServer:
        received = await self._websocket.receive()
        if received.type is not WSMsgType.TEXT:
            raise Unavailable(f"the server closed the connection: {received.extra or received.data or 'no reason'}")
        self._waiting_bytes += len(received.data)
        return decode_from_server(received.data)


async def _open(
    session: aiohttp.ClientSession, host: str, port: int, known: str | None, settings: ClientSettings
) -> tuple[Socket, str | None]:
    """The connection, and the server id that TLS has proven (None without TLS)."""

    async def open_with(ssl_context: ssl.SSLContext | bool | aiohttp.Fingerprint) -> Socket:
        scheme = "http" if settings.no_tls else "https"
        return await session.ws_connect(
            f"{scheme}://{bracketed(host)}:{port}/v1/chat",
            ssl=ssl_context,
            decode_text=False,
            heartbeat=settings.keep_alive_s,
            max_msg_size=_FRAME_BYTES_MAX,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT_S),
            compress=0,
        )

    if settings.no_tls:
        return await open_with(False), None
    if known is not None and is_fingerprint(known):
        return await open_with(aiohttp.Fingerprint(bytes.fromhex(known))), known
    try:
        return await open_with(True), host.lower()  # a certificate that the system trusts: the host name is the id
    except aiohttp.ClientConnectorCertificateError:
        if known is not None:
            raise
    websocket = await open_with(_unverified())
    der = websocket.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return websocket, sha256(der).hexdigest()


def _unverified() -> ssl.SSLContext:
    """For the first contact alone: whichever certificate there is will be pinned."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"the server answered with status {error.status}"
    return str(error) or type(error).__name__
