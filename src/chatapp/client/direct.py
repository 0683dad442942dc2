"""The direct link: private messages from person to person, without the server (protocol section 9).

One UDP port listens and dials. A peer is known by its key alone; addresses are only hints where to find it. A link
that either side opened serves both. A dead link shows by a missed answer and by nothing else: then all links to that
peer are closed, and the next try dials afresh.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from chatapp.client.direct_peers import Peer, Peers
from chatapp.client.direct_policy import Door, Quota, Room
from chatapp.model.errors import ChatappError, ProtocolViolation, Unavailable
from chatapp.model.limits import DIRECT_HANDSHAKE_TIMEOUT_S
from chatapp.model.settings import ClientSettings
from chatapp.protocol.direct import (
    AckMode,
    CloseCode,
    PrivateAck,
    PrivateHeader,
    PrivateMessage,
    PrivateRefused,
    Sending,
)

if TYPE_CHECKING:
    from chatapp.client.direct_endpoint import Arrival, Endpoint
    from chatapp.client.direct_link import Link

Start = Callable[[Coroutine[Any, Any, Any], str], asyncio.Task[Any]]

_WITHOUT = "private messages can neither be sent nor received here. Everything else works."


class DirectUnavailable(ChatappError):
    """Direct links don't work on this machine; the text says what can't be done. Everything else works."""


class PeerRefused(Unavailable):
    """The recipient's client answered that it doesn't take the message."""

    def __init__(self, refused: PrivateRefused) -> None:
        super().__init__(f"refused by the recipient: {refused.code}")
        self.code = refused.code
        self.retry_after_s = refused.retry_after_s


class Direct:
    """Make it with `open`. `counts` has how often something was turned away, by the word that says why."""

    def __init__(
        self,
        endpoint: "Endpoint",
        make_link: "type[Link]",
        *,
        admit: Callable[[bytes], bool],
        receive: Callable[[bytes, PrivateMessage], Awaitable[PrivateAck | PrivateRefused]],
        connected: Callable[[bytes], None],
        settings: ClientSettings,
        start: Start,
    ) -> None:
        self.port = endpoint.port
        self.counts: Counter[str] = Counter()
        self._endpoint = endpoint
        self._make_link = make_link
        self._admit = admit
        self._receive = receive
        self._connected = connected
        self._settings = settings
        self._start = start
        self._door = Door()
        self._room = Room()
        self._peers = Peers(settings.ack_timeout_s)

    @classmethod
    async def open(
        cls,
        seed: bytes,
        port: int,
        *,
        admit: Callable[[bytes], bool],
        receive: Callable[[bytes, PrivateMessage], Awaitable[PrivateAck | PrivateRefused]],
        connected: Callable[[bytes], None],
        settings: ClientSettings,
        start: Start,
        fixed: bool = True,
    ) -> "Direct":
        """Listens on `port`, 0 for any; unless `fixed`, it is only a wish.

        admit: whether anything is read from the holder of that key. receive: stores a message, then says what to
        answer; one at a time for each key. connected: a link to that key is up that no `send` was waiting for. start:
        a TaskKeeper's. Raises CannotStart if the port is in use, DirectUnavailable if nothing will do.
        """
        try:
            from chatapp.client.direct_endpoint import Endpoint
            from chatapp.client.direct_link import Link

            endpoint = await Endpoint.open(seed, port, fixed=fixed)
        except (ImportError, OSError) as error:
            raise DirectUnavailable(f"iroh doesn't run on this system, so {_WITHOUT}") from error
        except Unavailable as error:
            raise DirectUnavailable(f"no UDP port can be opened ({error}), so {_WITHOUT}") from error
        direct = cls(endpoint, Link, admit=admit, receive=receive, connected=connected, settings=settings, start=start)
        start(direct._listen(), "direct link: listening")
        return direct

    @property
    def addresses(self) -> tuple[str, ...]:
        """This machine's private and link-local IP addresses, as they are now."""
        return self._endpoint.addresses

    # -- sending ------------------------------------------------------------------------------------------------
    async def send(self, key: bytes, addresses: Sequence[str], message: PrivateMessage) -> AckMode:
        """One try, on the newest link, or on a fresh one that has a round trip's time to come up.

        Messages to one key go one after the other, in the order of the calls. Raises Unavailable (nobody there, or no
        answer in time: then no link is left), PeerRefused.
        """
        sending = Sending(message)
        peer = self._peer(key)
        async with peer.sending:
            link = peer.link() or await self._fresh(key, peer, tuple(addresses), peer.round_trip.timeout_s)
            clock = asyncio.get_running_loop().time
            since_s = clock()
            waits_for_go = sending.waits_for_go
            try:
                answer = await link.send(sending, peer.round_trip.timeout_s)
            except ProtocolViolation as violation:
                self._close_for(link, violation)
                raise Unavailable(str(violation)) from violation
            except BaseException:
                self.forget(key)
                raise
            # A retry counts too: an answer comes on the link of its own try, so it is never ambiguous (RFC 6298, 3).
            if not waits_for_go:  # how long a long body takes says nothing about the path
                peer.round_trip.sample(clock() - since_s)
        if isinstance(answer, PrivateRefused):
            raise PeerRefused(answer)
        return answer.mode

    async def dial(self, key: bytes, addresses: Sequence[str]) -> None:
        """Sees to it that there is a link, ahead of the first message. That it fails is nothing to tell."""
        peer = self._peer(key)
        if peer.link() is None:
            await asyncio.wait({self._dialling(key, peer, tuple(addresses))})

    def forget(self, key: bytes) -> None:
        """Closes all links to the key, so that the next `send` dials. A dial in progress is afresh already."""
        self._peers.forget(key)

    async def _fresh(self, key: bytes, peer: Peer, addresses: tuple[str, ...], timeout_s: float) -> "Link":
        """Waits for a dial no longer than that; the dial goes on behind, so that a slow path is found in the end."""
        dial = self._dialling(key, peer, addresses)
        peer.awaited += 1
        try:
            done, _ = await asyncio.wait({dial}, timeout=timeout_s)
        finally:
            peer.awaited -= 1
        if not done:
            raise Unavailable("no connection in time")
        if dial.cancelled():
            raise Unavailable("the dial was given up")
        outcome = dial.result()
        if isinstance(outcome, Unavailable):
            raise outcome
        return outcome

    def _dialling(self, key: bytes, peer: Peer, addresses: tuple[str, ...]) -> "asyncio.Task[Link | Unavailable]":
        """The one dial to that key; afresh if somebody else's addresses are being tried."""
        if peer.dial is not None and not peer.dial.done():
            if peer.dialled == addresses:
                return peer.dial
            peer.dial.cancel()
        peer.dialled = addresses
        peer.dial = self._start(self._dial(key, peer, addresses), "direct link: dialling")
        return peer.dial

    async def _dial(self, key: bytes, peer: Peer, addresses: tuple[str, ...]) -> "Link | Unavailable":
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                connection = await self._endpoint.dial(key, addresses)
        except TimeoutError:
            return Unavailable("nobody answers at any address")
        except Unavailable as unavailable:
            return unavailable
        link = self._make_link(connection, incoming=False)
        self._add(link)
        if not peer.awaited:
            self._connected(key)
        return link

    # -- receiving ----------------------------------------------------------------------------------------------
    async def _listen(self) -> None:
        while (arrival := await self._endpoint.arrival()) is not None:
            verdict = self._door.knock(arrival.address, proven=arrival.proven)
            if verdict == "enter":
                self._start(self._shake_hands(arrival), "direct link: handshake")
                continue
            with contextlib.suppress(Unavailable):
                if verdict == "prove":
                    await arrival.prove()
                else:
                    self.counts["too_many_handshakes"] += 1
                    await arrival.refuse()

    async def _shake_hands(self, arrival: "Arrival") -> None:
        try:
            async with asyncio.timeout(DIRECT_HANDSHAKE_TIMEOUT_S):
                connection = await arrival.accept()
        except (TimeoutError, Unavailable):
            self.counts["no_handshake"] += 1
            return
        finally:
            self._door.leave(arrival.address)
        link = self._make_link(connection, incoming=True)
        if not self._admit(link.key):
            self.counts["unknown_identity"] += 1
            link.close(CloseCode.UNKNOWN_IDENTITY, "unknown_identity")
            return
        for older in self._peer(link.key).links:
            if older.incoming:  # who dials again has given the link before up
                older.close(CloseCode.REPLACED, "replaced")
        self._add(link)
        self._connected(link.key)

    async def _serve(self, link: "Link", peer: Peer) -> None:
        clock = asyncio.get_running_loop().time

        def offered(header: PrivateHeader) -> PrivateRefused | None:
            refusal = self._refusal(header, peer.quota, clock())
            if refusal is not None and peer.quota.refused(clock()):
                raise ProtocolViolation(refusal.code, "refused often enough")
            return refusal

        async def arrived(message: PrivateMessage) -> PrivateAck | PrivateRefused:
            async with peer.receiving:  # a link that was given up may still be storing
                return await self._receive(link.key, message)

        try:
            await link.serve(offered, arrived, self._room, self._start)
        except ProtocolViolation as violation:
            self._close_for(link, violation)
        except Unavailable:
            pass  # the link ended
        finally:
            link.close(CloseCode.DONE, "")
            if link in peer.links:
                peer.links.remove(link)

    def _refusal(self, header: PrivateHeader, quota: Quota, now_s: float) -> PrivateRefused | None:
        """Whether the header alone decides; nothing of a refused body is kept."""
        bytes_max = self._settings.private_bytes_max
        if header.size > bytes_max:
            self.counts["too_large"] += 1
            return PrivateRefused(header.id, "too_large", f"A private message has at most {bytes_max} bytes here.")
        wait_s = quota.charge(header.size, now_s)
        if wait_s > 0:
            self.counts["rate"] += 1
            return PrivateRefused(header.id, "rate", "You send too much.", wait_s)
        return None

    def _peer(self, key: bytes) -> Peer:
        return self._peers.get(key, asyncio.get_running_loop().time())

    def _add(self, link: "Link") -> None:
        peer = self._peer(link.key)
        if link.round_trip_s is not None:
            peer.round_trip.sample(link.round_trip_s)
        peer.links.append(link)
        self._start(self._serve(link, peer), "direct link: serving")

    def _close_for(self, link: "Link", violation: ProtocolViolation) -> None:
        self.counts[violation.code] += 1
        link.close(CloseCode.VIOLATION, violation.code)

    async def close(self) -> None:
        """Says goodbye to all peers, in half a second at most. The keeper of the tasks ends those."""
        self._peers.close()
        await self._endpoint.close()
