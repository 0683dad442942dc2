"""The listener: one TCP port for the WebSocket, health and metrics.

client                                  server
  | --------- GET /v1/chat, upgrade -------> |
  | <-------------- challenge -------------- |
  | --------------- register --------------> |   the identity is proven here, and the name settled by the store
  | <-------- welcome, roster pages -------- |
  | ------- requests, acks, signals -------> |
  | <-------- answers, entries, pushes ----- |
"""

import asyncio
import ipaddress
import secrets
import ssl
from collections.abc import Awaitable, Callable
from time import monotonic

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from chatapp import __version__
from chatapp.identity.login import is_signed
from chatapp.model.errors import ProtocolViolation
from chatapp.model.ids import SessionNumber
from chatapp.model.limits import ADDRESSES_MAX, ENVELOPE_BYTES_MAX, HANDSHAKE_FRAME_BYTES_MAX
from chatapp.model.lines import bracketed
from chatapp.model.messages import PROTOCOL_VERSION, Challenge, FromClient, Refused, Register
from chatapp.model.settings import ServerSettings
from chatapp.protocol.codec import decode_from_client, encode
from chatapp.protocol.handshake import State, step
from chatapp.server.appender import Appender
from chatapp.server.counts import Counts, exposition
from chatapp.server.door import Door, Start, Visitor
from chatapp.server.interpreter import Interpreter
from chatapp.server.links import Link

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_CLOSE_TIMEOUT_S = 1.0
"""How long a closed connection's other side has to say so too."""
_CLOSE_CODES = {"too_large": WSCloseCode.MESSAGE_TOO_BIG, "binary": WSCloseCode.UNSUPPORTED_DATA}


class Listener:
    """Connections, from their first byte to their last."""

    def __init__(
        self, settings: ServerSettings, server_id: str, interpreter: Interpreter, appender: Appender, counts: Counts
    ) -> None:
        self._settings = settings
        self._server_id = server_id
        self._interpreter = interpreter
        self._appender = appender
        self._counts = counts
        self._last_number = 0
        self._door: Door

    def door(self, runner: web.AppRunner, context: ssl.SSLContext | None, start: Start) -> Door:
        """Where connections come in: what hasn't asked for anything is kept there."""
        assert runner.server is not None
        self._door = Door(runner.server, context, self._settings, self._counts, start)
        return self._door

    def sweep(self) -> None:
        """Closes connections that have asked for nothing in time."""
        self._door.sweep()

    def application(self) -> web.Application:
        """The routes."""
        application = web.Application(middlewares=[self._through_the_door])
        application.router.add_get("/", self._root)
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/v1/chat", self._chat)
        return application

    @web.middleware
    async def _through_the_door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self._door.asked(request)
        return await handler(request)

    async def _root(self, request: web.Request) -> web.Response:
        return web.Response(
            text=f"This is a chatapp server ({__version__}). Join it with: chatapp join {request.host}\n"
        )

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=exposition(self._counts), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        if self._counts.unauthenticated >= self._settings.unauthenticated_max:
            self._counts.violations["too_many_unauthenticated"] += 1
            return web.Response(status=503, text="Too many connections are logging in. Try again in a moment.\n")
        websocket = web.WebSocketResponse(
            compress=False,
            max_msg_size=self._settings.text_bytes_max + ENVELOPE_BYTES_MAX,
            heartbeat=self._settings.keep_alive_s,
            timeout=_CLOSE_TIMEOUT_S,
        )
        self._counts.unauthenticated += 1
        try:
            await websocket.prepare(request)
            visitor = request.protocol
            assert isinstance(visitor, Visitor)
            assert visitor.transport is not None
            self._last_number += 1
            number = SessionNumber(self._last_number)
            link = Link(number, websocket, visitor.transport, lambda: visitor.received_bytes)
            self._interpreter.links[link.number] = link
        except BaseException:
            self._counts.unauthenticated -= 1
            raise
        try:
            await self._converse(request, websocket, link)
        except ProtocolViolation as violation:
            self._counts.violations[violation.code] += 1
            code = _CLOSE_CODES.get(violation.code, WSCloseCode.POLICY_VIOLATION)
            await link.close(code, str(violation))
        finally:
            self._interpreter.closed(link)
        return websocket

    async def _converse(self, request: web.Request, websocket: web.WebSocketResponse, link: Link) -> None:
        try:
            state = await self._log_in(request, websocket, link)
        finally:
            self._counts.unauthenticated -= 1
        while state is not State.CLOSED:
            if not self._appender.has_room:
                await self._appender.wait_for_room()
            if link.is_full:
                await link.wait_for_room()
            message = await self._next(websocket)
            if message is None:
                return
            if isinstance(message, Register):
                step(State.READY, "register")
            self._interpreter.receive(link, message)

    async def _log_in(self, request: web.Request, websocket: web.WebSocketResponse, link: Link) -> State:
        """Challenge and register (protocol section 4); from here on the core knows the session."""
        state = step(State.OPENED, "connected")
        challenge = Challenge(self._server_id, secrets.token_hex(32), (PROTOCOL_VERSION,), f"chatapp {__version__}")
        await websocket.send_str(encode(challenge).decode())
        sent = monotonic()
        try:
            async with asyncio.timeout(self._settings.handshake_timeout_s):
                message = await self._next(websocket, HANDSHAKE_FRAME_BYTES_MAX)
        except TimeoutError:
            raise ProtocolViolation("handshake_timeout", "log in sooner") from None
        if message is None:
            return State.CLOSED
        if not isinstance(message, Register):
            return step(state, "message")
        step(state, "register")
        refusal = self._refusal(challenge, message)
        if refusal is not None:
            self._counts.refusals[refusal.code] += 1
            await websocket.send_str(encode(refusal).decode())
            await link.close()
            return State.CLOSED
        observed = request.remote or ""
        addresses = direct_addresses(observed, message)
        self._interpreter.register(link, message, addresses, observed, monotonic() - sent)
        return State.READY

    def _refusal(self, challenge: Challenge, register: Register) -> Refused | None:
        if register.version not in challenge.versions:
            return Refused("", "unsupported_version", f"This server speaks version {PROTOCOL_VERSION}.")
        if not is_signed(challenge, register):
            return Refused("", "bad_signature", "The signature doesn't fit the name, the key and this server.")
        if not 0 <= register.port < 1 << 16 or len(register.addresses) > ADDRESSES_MAX:
            return Refused("", "bad_address", "A port has 16 bits, and a client at most 16 addresses.")
        return None

    async def _next(self, websocket: web.WebSocketResponse, bytes_max: int | None = None) -> FromClient | None:
        """The next message, or None at the connection's end. Raises ProtocolViolation."""
        received = await websocket.receive()
        match received.type:
            case WSMsgType.TEXT:
                if bytes_max is not None and len(received.data.encode()) > bytes_max:
                    raise ProtocolViolation("too_large", f"a frame before log-in has at most {bytes_max} bytes")
                return decode_from_client(received.data)
            case WSMsgType.BINARY:
                raise ProtocolViolation("binary", "frames are text")
            case WSMsgType.ERROR if isinstance(received.data, WebSocketError):  # the library has closed it already
                too_large = received.data.code == WSCloseCode.MESSAGE_TOO_BIG
                self._counts.violations["too_large" if too_large else "bad_frame"] += 1
                return None
            case _:
                return None


def direct_addresses(observed: str, register: Register) -> tuple[str, ...]:
    """Where the client's direct link can be tried: the address that the server saw, and the declared ones that are
    private or link-local, so that nobody can point others at a stranger."""
    if register.port == 0:
        return ()
    declared = [address for address in register.addresses if _is_near(address)]
    hosts = dict.fromkeys([observed, *declared] if observed else declared)
    return tuple(f"{bracketed(host)}:{register.port}" for host in hosts)


def _is_near(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (parsed.is_private or parsed.is_link_local) and not (parsed.is_loopback or parsed.is_unspecified)
