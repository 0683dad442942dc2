"""Whom the direct port lets in, and how much a peer may send. Pure."""

from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Literal

from chatapp.model.limits import (
    DIRECT_CHUNK_BYTES_MAX,
    DIRECT_HANDSHAKES_MAX,
    DIRECT_HANDSHAKES_PER_ADDRESS_MAX,
    DIRECT_PEER_BYTES_MAX,
    DIRECT_PEER_MESSAGES_MAX,
    DIRECT_QUOTA_WINDOW_S,
    DIRECT_RECEIVING_BYTES_MAX,
    DIRECT_REFUSALS_MAX,
)

_IPV6_SITE_BITS = 64
"""Whoever has one address of a /64 has them all."""

Verdict = Literal["enter", "prove", "refuse"]


class Door:
    """Handshakes in progress, in all and for each address. Loopback counts in all only: its processes share an address.

    Source addresses can be forged, so half of the places are for those who have proven theirs (QUIC Retry, RFC 9000,
    8.1.2): forged ones keep nobody out.
    """

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()

    def knock(self, address: str, *, proven: bool) -> Verdict:
        """enter: and `leave` afterwards, whatever the outcome; prove: send a Retry; refuse."""
        site = _site(address)
        share = 1 if proven else 2
        full = self._inside.total() >= DIRECT_HANDSHAKES_MAX // share or (
            site != "" and self._inside[site] >= DIRECT_HANDSHAKES_PER_ADDRESS_MAX // share
        )
        if full:
            return "refuse" if proven else "prove"
        self._inside[site] += 1
        return "enter"

    def leave(self, address: str) -> None:
        """The handshake that entered is over."""
        site = _site(address)
        self._inside[site] -= 1
        if not self._inside[site]:
            del self._inside[site]


def _site(address: str) -> str:
    """What counts as one address: an IPv4 address, an IPv6 /64; "" for loopback."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return _site(str(ip.ipv4_mapped))
        if not ip.is_loopback:
            return str(IPv6Network((int(ip), _IPV6_SITE_BITS), strict=False).network_address)
    return "" if ip.is_loopback else str(ip)


@dataclass(slots=True)
class Quota:
    """What one peer may send in a window, and how often it may be refused in it."""

    since_s: float
    messages: int = 0
    size_bytes: int = 0
    refusals: int = 0

    def charge(self, size: int, now_s: float) -> float:
        """Counts a message: 0.0 if it may come, otherwise in how many seconds it may. The window's first always may."""
        self._renew(now_s)
        too_much = self.messages > 0 and self.size_bytes + size > DIRECT_PEER_BYTES_MAX
        if too_much or self.messages >= DIRECT_PEER_MESSAGES_MAX:
            return self.since_s + DIRECT_QUOTA_WINDOW_S - now_s
        self.messages += 1
        self.size_bytes += size
        return 0.0

    def refused(self, now_s: float) -> bool:
        """Counts a refusal: whether that was one too many."""
        self._renew(now_s)
        self.refusals += 1
        return self.refusals > DIRECT_REFUSALS_MAX

    def _renew(self, now_s: float) -> None:
        if now_s - self.since_s >= DIRECT_QUOTA_WINDOW_S:
            self.since_s = now_s
            self.messages = self.size_bytes = self.refusals = 0


class Room:
    """Memory for long bodies on their way in. Short ones don't count: they are no larger than a read."""

    def __init__(self) -> None:
        self._taken_bytes = 0

    def take(self, size: int) -> bool:
        """Whether there is room, as there is for one body alone, whatever its size; `give` it back afterwards."""
        if self._taken_bytes and _counted(size) and self._taken_bytes + size > DIRECT_RECEIVING_BYTES_MAX:
            return False
        self._taken_bytes += _counted(size)
        return True

    def give(self, size: int) -> None:
        """The body is stored, or given up."""
        self._taken_bytes -= _counted(size)


def _counted(size: int) -> int:
    return size if size > DIRECT_CHUNK_BYTES_MAX else 0
