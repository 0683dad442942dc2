"""Addresses and ports of the direct link: which of our own are worth telling, which of others are worth dialling."""

import contextlib
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from chatapp.model.errors import Unavailable

_ROUTES = (
    (socket.AF_INET, ("10.255.255.254", "172.31.255.254", "192.168.255.254", "169.254.255.254", "192.0.2.1")),
    (socket.AF_INET6, ("fd00::ffff", "2001:db8::1")),
)
"""Where to: somebody in each private range, and (reserved for documentation) somebody far away."""
_NO_PORT = 9
"""Nothing is sent there."""


def own_addresses() -> Iterator[str]:
    """The addresses that this machine sends from. A connected UDP socket knows its route, and sends nothing."""
    for family, targets in _ROUTES:
        for target in targets:
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, _NO_PORT))
                yield probe.getsockname()[0]


def any_port() -> int:
    """A UDP port that is free now, in IPv4 at least. Raises Unavailable."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("0.0.0.0", 0))
        except OSError as error:
            raise Unavailable(f"no UDP port: {error.strerror}") from error
        port: int = probe.getsockname()[1]
        return port


def host(address: str) -> str:
    """The IP address of `host:port`, without brackets and zone."""
    return address.rpartition(":")[0].strip("[]").partition("%")[0]


def is_declarable(address: str) -> bool:
    """Private or link-local. IPv6 link-local means nothing without a zone, which has another name on each machine."""
    ip = _ip(address)
    if ip is None or ip.is_loopback or ip.is_unspecified or ip.is_multicast:
        return False
    return ip.is_private and not (isinstance(ip, IPv6Address) and ip.is_link_local)


def is_dialable(address: str) -> bool:
    """Whether it is `host:port`. It came from the roster, so from somebody else: nothing more reaches iroh."""
    port = address.rpartition(":")[2]
    return _ip(host(address)) is not None and port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
