"""Errors, by whose fault they are.

* `Refused` is an answer, not an exception: the request was understood and isn't granted. It lives in `messages`.
* `ChatappError` is the root of what is raised:

  * `ProtocolViolation`: the peer broke the protocol; its connection is closed with the code, and counted.
  * `Unavailable`: the world's fault (network, disk, other program); retried, or told.
  * `CannotStart`: the person's command or machine can't do what was asked; one line, and an exit status.

Anything else is our bug: it stops the work it happened in, loudly.
"""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the program's exit tells a script (CLASSIC: exit status)."""

    DONE = 0
    GONE = 1
    USAGE = 2
    SOME_REFUSED = 3
    STORAGE = 4


class ChatappError(Exception):
    """The root; never raised itself."""


class ProtocolViolation(ChatappError):
    """The peer sent what the protocol doesn't allow. `code` is a word of docs/protocol.md, section 8."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


class Unavailable(ChatappError):
    """Something outside doesn't answer or doesn't work right now."""


class CannotStart(ChatappError):
    """The line that the person is shown, and the status that the program ends with."""

    def __init__(self, line: str, status: ExitStatus) -> None:
        super().__init__(line)
        self.line = line
        self.status = status


class StorageFailed(ChatappError):
    """A commit, an fsync or the disk failed: nothing of that transaction was acknowledged. Ends the process."""
