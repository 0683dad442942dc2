"""What the core wants done. `server.interpreter` does it, in order, and nobody else."""

from dataclasses import dataclass
from typing import Literal

from chatapp.core.writes import Write
from chatapp.model.ids import ClientNumber, GroupNumber, SessionNumber
from chatapp.model.messages import (
    ByeReason,
    Entry,
    FromServer,
    HeadRow,
    Leaving,
    Refused,
    Register,
    Requests,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for what; comes back to the core when it is settled. Without a request it is the server's own wish;
    a `Refused` in its place is an answer that waits for its turn."""

    session: SessionNumber | None
    client: ClientNumber | None
    request: Requests | Register | Leaving | Refused | None


@dataclass(frozen=True, slots=True)
class Submit:
    """Have the store settle `write` (nothing to settle: None) after all that was submitted before, and tell us."""

    write: Write | None
    asked: Asked


@dataclass(frozen=True, slots=True)
class Send:
    """A message to one session."""

    session: SessionNumber
    message: FromServer


@dataclass(frozen=True, slots=True)
class SendAll:
    """A message to every session."""

    message: FromServer


@dataclass(frozen=True, slots=True)
class SendMembers:
    """A message to every session that the group is delivered to."""

    group: GroupNumber
    message: FromServer


@dataclass(frozen=True, slots=True)
class SendHeads:
    """The rows to one session, once the mentions after each cursor are counted in the store."""

    session: SessionNumber
    client: ClientNumber
    rows: tuple[tuple[GroupNumber, HeadRow], ...]


@dataclass(frozen=True, slots=True)
class SendEntries:
    """The answer `re` to a history request: read `count` entries from number `start`, then send them."""

    session: SessionNumber
    re: str
    group: GroupNumber
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Grow:
    """The entry is durable: deliver it to those the group is delivered to."""

    group: GroupNumber
    entry: Entry


@dataclass(frozen=True, slots=True)
class Deliver:
    """From now on the session gets the group's entries after that number."""

    session: SessionNumber
    group: GroupNumber
    after: int


@dataclass(frozen=True, slots=True)
class Halt:
    """The session gets no more of its group's entries; those up to now still go out if they can at once."""

    session: SessionNumber


@dataclass(frozen=True, slots=True)
class Close:
    """Close the session's connection, with a `bye` before it if there is a reason to tell."""

    session: SessionNumber
    reason: ByeReason | None


@dataclass(frozen=True, slots=True)
class Tell:
    """Something for the server's screen; `model.lines` has the words."""

    what: Literal[
        "registered",
        "deregistered",
        "broadcast",
        "created",
        "creating_failed",
        "listed_groups",
        "joined",
        "joining_failed",
        "said",
        "unresponsive",
        "listed_members",
        "left",
    ]
    client: str = ""
    group: str = ""
    text: str = ""
    names: tuple[str, ...] = ()


Effect = Submit | Send | SendAll | SendMembers | SendHeads | SendEntries | Grow | Deliver | Halt | Close | Tell
