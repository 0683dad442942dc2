"""Settings: frozen dataclasses whose fields carry their own documentation.

`cli` makes a flag (`--ack-timeout-s`) and an environment variable (`CHATAPP_ACK_TIMEOUT_S`) of each field, and a test
holds docs/operations.md to them. A field named `no_x` is a switch.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from chatapp.model import limits


def _setting(default: Any, text: str) -> Any:
    """A field with the line that `--help` and docs/operations.md say of it."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What `chatapp serve` takes."""

    port: int = _setting(4000, "TCP port to listen on.")
    bind: str = _setting("", "Address to listen on; all interfaces if empty.")
    data: str = _setting("", "Data directory; the platform's own place if empty.")
    no_tls: bool = _setting(False, "Plain text: for loopback, or behind a proxy that speaks TLS.")
    certificate: str = _setting(
        "", "PEM file of a certificate that clients' systems trust; needs --private-key and --host-name."
    )
    private_key: str = _setting("", "PEM file of that certificate's private key.")
    host_name: str = _setting("", "The host name that a trusted certificate is for: it becomes the server's id.")
    quiet: bool = _setting(False, "Nothing on the screen but errors.")
    log_format: Literal["text", "json"] = _setting("text", "What the screen shows: text, or json for machines.")
    ack_timeout_s: float = _setting(
        limits.ACK_TIMEOUT_MIN_S, "The shortest time a member has to acknowledge or answer."
    )
    ack_delay_s: float = _setting(limits.ACK_DELAY_S, "How often clients acknowledge at most.")
    probes: int = _setting(limits.TRIES, "Unanswered probes before somebody is deregistered.")
    keep_alive_s: float = _setting(limits.KEEP_ALIVE_S, "Idle connections are pinged this often.")
    come_back_s: float = _setting(limits.COME_BACK_S, "How long members have to come back after the server's start.")
    handshake_timeout_s: float = _setting(limits.HANDSHAKE_TIMEOUT_S, "How long a connection has to log in.")
    unauthenticated_max: int = _setting(limits.UNAUTHENTICATED_CONNECTIONS_MAX, "Connections not logged in, at once.")
    text_bytes_max: int = _setting(limits.TEXT_BYTES_MAX, "Longest group message, in bytes as encoded.")
    roster_interval_s: float = _setting(limits.ROSTER_INTERVAL_S, "Roster changes are told at most this often.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """What `chatapp join` takes; name, host and port are its arguments."""

    direct_port: int = _setting(0, "UDP port of the direct link; 0 for any.")
    data: str = _setting("", "Data directory; the platform's own place if empty.")
    no_tls: bool = _setting(False, "The server speaks plain text (it was started with --no-tls).")
    plain: bool = _setting(False, "A line at a time: for pipes and screen readers.")
    ack_timeout_s: float = _setting(limits.ACK_TIMEOUT_MIN_S, "The shortest time an answer has.")
    tries: int = _setting(limits.TRIES, "How often a typed request is sent in all.")
    connect_timeout_s: float = _setting(limits.CONNECT_TIMEOUT_S, "How long connecting may take.")
    keep_alive_s: float = _setting(limits.KEEP_ALIVE_S, "An idle connection is pinged this often.")
    backoff_max_s: float = _setting(limits.BACKOFF_MAX_S, "The longest wait between two reconnections.")
    private_bytes_max: int = _setting(limits.PRIVATE_TEXT_BYTES_MAX, "Longest private message, in bytes.")
    direct_retry_max_s: float = _setting(
        limits.DIRECT_RETRY_MAX_S, "The longest wait before a private message is tried again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinArguments:
    """Who joins which server. name is folded and usable; pin: the server key's SHA-256, hex, or "" if unknown."""

    name: str
    host: str
    port: int
    pin: str = ""
    classic: bool = False
    """Started with `-c`: it ends when the server doesn't answer a typed request, where `join` goes on trying."""
    settings: ClientSettings
