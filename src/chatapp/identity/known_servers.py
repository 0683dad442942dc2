"""The servers one knows: address to server id, pinned at first use (as SSH's known_hosts)."""

import os
import re
from pathlib import Path

import msgspec

from chatapp.model.errors import CannotStart, ExitStatus, Unavailable
from chatapp.model.lines import bracketed

_FINGERPRINT_DIGITS = 64
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)
"""RFC 1123, 2.1, in lower case."""


def is_fingerprint(server_id: str) -> bool:
    """Whether the id is a certificate's SHA-256, rather than the host name of a trusted certificate."""
    return len(server_id) == _FINGERPRINT_DIGITS and set(server_id) <= set("0123456789abcdef")


def is_server_id(text: str) -> bool:
    """Whether the text has the form of a server's id: a fingerprint or a host name, and so is fit for a directory."""
    return is_fingerprint(text) or _HOST_NAME.fullmatch(text) is not None


class KnownServers:
    """The file `path`, one JSON object. Raises CannotStart when it can't be read or written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, host: str, port: int) -> str | None:
        """The id of the server at that address, if it was seen before."""
        return self._read().get(_address(host, port))

    def remember(self, host: str, port: int, server_id: str) -> None:
        """From now on the server at that address has that id."""
        servers = self._read() | {_address(host, port): server_id}
        unfinished = self._path.with_suffix(f".{os.getpid()}")
        try:
            unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(servers)))
            unfinished.replace(self._path)
        except OSError as error:
            raise CannotStart(f"Error: cannot write {self._path}: {error.strerror}", ExitStatus.STORAGE) from error

    def _read(self) -> dict[str, str]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            line = f"Error: cannot read {self._path}: {error}. Mend or remove it; servers are then met anew."
            raise CannotStart(line, ExitStatus.STORAGE) from error


def _address(host: str, port: int) -> str:
    return f"{bracketed(host)}:{port}"


class ServerKeyChanged(Unavailable):
    """The server at a known address has another key than before."""

    def __init__(self, host: str, port: int, found: str) -> None:
        super().__init__(f"the key of {_address(host, port)} has changed")
        self.found = found
        self.lines = (
            f">>> [The key of the server at {_address(host, port)} has changed to SHA256:{found}.]",
            ">>> [Either it was set up anew, or somebody stands between you and it. Ask who runs it.]",
            f">>> [If the new key is right, type: chatapp trust {_address(host, port)}]",
        )
