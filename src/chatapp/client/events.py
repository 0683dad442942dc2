"""What a face is told, in order. A face shows it in its own words, and says back when it has (`Client.shown`)."""

from dataclasses import dataclass

from chatapp.client.private import Received
from chatapp.model.messages import Answers, Entry, Requests


@dataclass(frozen=True, slots=True)
class FirstContact:
    """A server never seen before; its key is remembered now."""

    server_id: str


@dataclass(frozen=True, slots=True)
class Registered:
    """Logged in, for the first time in this process."""


@dataclass(frozen=True, slots=True)
class Offline:
    """The server doesn't answer, but its clients are known: private messages work."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The server went away while nothing was asked of it."""


@dataclass(frozen=True, slots=True)
class LinkRegained:
    """It is back."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over. why: not_responding, name_taken, replaced, key_changed, or refused with a text."""

    why: str
    lines: tuple[str, ...] = ()
    kept: int = 0


@dataclass(frozen=True, slots=True)
class TableChanged:
    """Names came or went."""


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """The roster has another identity for a known name: private messages are held back."""

    name: str


@dataclass(frozen=True, slots=True)
class Entered:
    """In a group again, without having asked."""

    group: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The server took one out of the group for not answering; the client goes back by itself."""

    group: str


@dataclass(frozen=True, slots=True)
class CannotReturn:
    """The group one was in doesn't exist any more."""

    group: str


@dataclass(frozen=True, slots=True)
class Resynced:
    """The server's log is an older copy: what it lost stays in the archive, marked."""

    group: str


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the group one is in. again: an earlier process may have shown it."""

    entry: Entry
    again: bool = False


@dataclass(frozen=True, slots=True)
class NotYetReceived:
    """Of one's own message, by name, or by number in a large group."""

    names: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class ReceivedByAll:
    """After NotYetReceived: all who were members have it."""

    count: int


@dataclass(frozen=True, slots=True)
class NotSent:
    """A group message that waited was refused in the end."""

    group: str
    body: str
    text: str


@dataclass(frozen=True, slots=True)
class HeldChanged:
    """Private messages wait until one leaves the group. names: whose, in order of first arrival."""

    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PrivateCame:
    """A private message to be shown now. again: an earlier process may have shown it."""

    received: Received
    again: bool = False


@dataclass(frozen=True, slots=True)
class PrivateAcked:
    """One's own private message is in the recipient's archive."""

    recipient: str


@dataclass(frozen=True, slots=True)
class PrivateWaits:
    """One's own private message wasn't acknowledged; it stays in the outbox and is tried again."""

    recipient: str


@dataclass(frozen=True, slots=True)
class PrivateRejected:
    """One's own private message will never be taken by the recipient's client. code: why."""

    recipient: str
    code: str


@dataclass(frozen=True, slots=True)
class Trusted:
    """The new key of a name is the one pinned now."""

    name: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The server's answer to what was typed."""

    request: Requests
    answer: Answers


@dataclass(frozen=True, slots=True)
class NoDirect:
    """There is no direct link here. text: what can't be done."""

    text: str


Event = (
    FirstContact
    | Registered
    | Offline
    | LinkLost
    | LinkRegained
    | Ended
    | TableChanged
    | KeyChanged
    | Entered
    | Removed
    | CannotReturn
    | Resynced
    | Said
    | NotYetReceived
    | ReceivedByAll
    | NotSent
    | HeldChanged
    | PrivateCame
    | PrivateAcked
    | PrivateWaits
    | PrivateRejected
    | Trusted
    | Answered
    | NoDirect
)
