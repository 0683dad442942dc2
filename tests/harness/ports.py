"""Ports that nobody else takes between the choosing and the binding.

A port is chosen below the range from which systems hand out ports by themselves, is claimed from every other process of
these tests by a lock on one byte of a file, and must be free for TCP and UDP, IPv4 and IPv6. The claim lasts as long as
the test process, so a restarted server finds its port again.
"""

import fcntl
import os
import socket
import tempfile
from itertools import chain
from pathlib import Path

_FIRST, _LAST = 15_000, 31_999
"""Below 32,768, where Linux begins to hand out ports by itself (macOS at 49,152)."""
_claims: list[int] = []
"""The claim file's descriptor, opened at the first claim. It stays open: closing it would give all claims up."""
_claimed: set[int] = set()


def fresh_port() -> int:
    """A port for TCP or UDP that is free, and that no other test is given."""
    if not _claims:
        path = Path(tempfile.gettempdir()) / f"chatapp-test-ports-{os.getuid()}"
        _claims.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    start = _FIRST + os.getpid() * 37 % (_LAST - _FIRST)  # test processes begin at different places
    for port in chain(range(start, _LAST), range(_FIRST, start)):
        if port not in _claimed and _claim(port):
            _claimed.add(port)
            if is_free(port):
                return port
    raise AssertionError("no port is free")


def _claim(port: int) -> bool:
    try:
        fcntl.lockf(_claims[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether nobody has the port, in either protocol and family."""
    families = [(socket.AF_INET, "0.0.0.0")]
    if socket.has_ipv6:
        families.append((socket.AF_INET6, "::"))
    return all(
        _can_bind(family, kind, address, port)
        for family, address in families
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
    )


def _can_bind(family: socket.AddressFamily, kind: socket.SocketKind, address: str, port: int) -> bool:
    try:
        probe = socket.socket(family, kind)
    except OSError:
        return True  # a family that this machine doesn't have isn't taken
    with probe:
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, so that TIME_WAIT is free
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True
