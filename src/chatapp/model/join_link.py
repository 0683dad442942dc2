"""Where a server is, as people write it: `HOST[:PORT]`, or the join link `HOST:PORT/#PIN.INVITATION`.

A host is an IPv4 or IPv6 address (the latter in brackets when a port follows; RFC 3986, 3.2.2) or a name (RFC 1123,
2.1). Whether a name exists is found out by whoever connects.
"""

import re
from ipaddress import ip_address
from typing import NamedTuple

from chatapp.model.limits import PORT_MAX, PORT_MIN

PORT_DEFAULT = 4000

BAD_HOST = "invalid IP address"
BAD_PORT = f"Port number is not in range [{PORT_MIN}, {PORT_MAX}]"
BAD_PIN = "invalid join link: behind the # stands the SHA-256 of the server's key, 64 hexadecimal digits"

_LINK = re.compile(
    r"(?: \[ (?P<address> [^\]]*:[^\]]* ) \] | (?P<host> [^:/#\[\]]* ) )"
    r"(?: : (?P<port> [^:/#]* ) )? /? (?: \# (?P<key> .* ) )?",
    re.VERBOSE,
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.ASCII | re.IGNORECASE)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_PIN = re.compile(r"[0-9a-f]{64}", re.ASCII)


class JoinLink(NamedTuple):
    """pin: 64 hexadecimal digits, or "" where the link has none."""

    host: str
    port: int = PORT_DEFAULT
    pin: str = ""


def parse_join_link(text: str) -> JoinLink:
    """Raises ValueError, its text what is wrong. An invitation is let through, not kept: nobody needs one yet."""
    if text.count(":") > 1 and not text.startswith("["):  # a bare IPv6 address
        return JoinLink(checked_host(text))
    match = _LINK.fullmatch(text)
    if match is None:
        raise ValueError(BAD_HOST)
    host = checked_host(match["address"] or match["host"])
    port = PORT_DEFAULT if match["port"] is None else checked_port(match["port"])
    return JoinLink(host, port, "" if match["key"] is None else _checked_pin(match["key"]))


def checked_host(text: str) -> str:
    """The host. Raises ValueError for what is neither an address nor, by its form, a name."""
    try:
        ip_address(text)
    except ValueError:
        if not _is_host_name(text):
            raise ValueError(BAD_HOST) from None
    return text


def checked_port(text: str) -> int:
    """The port that the digits say. Raises ValueError outside the classic range."""
    if not _PORT.fullmatch(text) or not PORT_MIN <= int(text) <= PORT_MAX:
        raise ValueError(BAD_PORT)
    return int(text)


def _is_host_name(text: str) -> bool:
    """Letters, digits, hyphens (and the underscore of many a LAN), and not what looks like an address gone wrong."""
    try:
        labels = text.removesuffix(".").encode("idna").decode("ascii").split(".")
    except UnicodeError:  # an empty label, one over 63 bytes, or no text at all
        return False
    return all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def _checked_pin(key: str) -> str:
    pin = key.partition(".")[0].lower()
    if not _PIN.fullmatch(pin):
        raise ValueError(BAD_PIN)
    return pin
