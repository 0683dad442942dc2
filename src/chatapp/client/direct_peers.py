"""The peers of the direct link: for each key its links, its path, its quota."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatapp.client.direct_policy import Quota
from chatapp.model.errors import Unavailable
from chatapp.model.limits import DIRECT_PEERS_MAX
from chatapp.model.timing import RoundTrip
from chatapp.protocol.direct import CloseCode

if TYPE_CHECKING:
    from chatapp.client.direct_link import Link


@dataclass(slots=True, eq=False)
class Peer:
    """links: one of each direction, if both sides dialled at once; the newest last. dialled: the addresses that `dial`
    tries; awaited: how many wait for it to send."""

    round_trip: RoundTrip
    quota: Quota
    links: "list[Link]" = field(default_factory=list)
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)
    receiving: asyncio.Lock = field(default_factory=asyncio.Lock)
    dial: "asyncio.Task[Link | Unavailable] | None" = None
    dialled: tuple[str, ...] = ()
    awaited: int = 0

    def link(self) -> "Link | None":
        """The newest that is open: where a peer has come back, only that one works."""
        return next((link for link in reversed(self.links) if link.is_open), None)

    def forget_links(self) -> None:
        """Closes them all."""
        for link in self.links:
            link.close(CloseCode.DONE, "forgotten")
        self.links.clear()


class Peers:
    """By key, in the order of last use; at most DIRECT_PEERS_MAX."""

    def __init__(self, timeout_min_s: float) -> None:
        self._timeout_min_s = timeout_min_s
        self._peers: dict[bytes, Peer] = {}

    def get(self, key: bytes, now_s: float) -> Peer:
        """The peer with that key, which is now the one used last. Of too many, the one longest unused goes."""
        peer = self._peers.pop(key, None)
        if peer is None:
            peer = Peer(RoundTrip(self._timeout_min_s), Quota(now_s))
            if len(self._peers) >= DIRECT_PEERS_MAX:
                self._drop_oldest()
        self._peers[key] = peer
        return peer

    def forget(self, key: bytes) -> None:
        """Closes its links. What is known of its path and its quota stays."""
        peer = self._peers.get(key)
        if peer is not None:
            peer.forget_links()

    def close(self) -> None:
        """Closes all links and ends all dials."""
        for peer in self._peers.values():
            peer.forget_links()
            if peer.dial is not None:
                peer.dial.cancel()
        self._peers.clear()

    def _drop_oldest(self) -> None:
        oldest = next((key for key, peer in self._peers.items() if not peer.sending.locked()), None)
        if oldest is not None:
            self._peers.pop(oldest).forget_links()
