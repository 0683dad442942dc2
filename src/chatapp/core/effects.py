"""What the core wants done. `server.interpreter` does it, in order, and nobody else.

Structs rather than dataclasses, here and in `writes`: a message makes eight of them, and a frozen dataclass takes four
times as long to make.
"""

from typing import Literal

import msgspec

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


class Asked(msgspec.Struct, frozen=True, gc=False):
    """Who asked for what; comes back to the core when it is settled. Without a request it is the server's own wish;
    a `Refused` in its place is an answer that waits for its turn."""

    session: SessionNumber | None
    client: ClientNumber | None
    request: Requests | Register | Leaving | Refused | None


class Submit(msgspec.Struct, frozen=True, gc=False):
    """Have the store settle `write` (nothing to settle: None) after all that was submitted before, and tell us."""

    write: Write | None
    asked: Asked


class Send(msgspec.Struct, frozen=True, gc=False):
    """A message to one session."""

    session: SessionNumber
    message: FromServer


class SendAll(msgspec.Struct, frozen=True, gc=False):
    """A message to every session."""

    message: FromServer


class SendMembers(msgspec.Struct, frozen=True, gc=False):
    """A message to every session that the group is delivered to."""

    group: GroupNumber
    message: FromServer


class SendHeads(msgspec.Struct, frozen=True, gc=False):
    """The rows to one session, once the mentions after each cursor are counted in the store."""

    session: SessionNumber
    client: ClientNumber
    rows: tuple[tuple[GroupNumber, HeadRow], ...]


class SendEntries(msgspec.Struct, frozen=True, gc=False):
    """The answer `re` to a history request: read `count` entries from number `start`, then send them."""

    session: SessionNumber
    re: str
    group: GroupNumber
    start: int
    count: int


class Grow(msgspec.Struct, frozen=True, gc=False):
    """The entry is durable: deliver it to those the group is delivered to."""

    group: GroupNumber
    entry: Entry


class Deliver(msgspec.Struct, frozen=True, gc=False):
    """From now on the session gets the group's entries after that number."""

    session: SessionNumber
    group: GroupNumber
    after: int


class Halt(msgspec.Struct, frozen=True, gc=False):
    """The session gets no more of its group's entries; those up to now still go out if they can at once."""

    session: SessionNumber


class Close(msgspec.Struct, frozen=True, gc=False):
    """Close the session's connection, with a `bye` before it if there is a reason to tell."""

    session: SessionNumber
    reason: ByeReason | None


class Tell(msgspec.Struct, frozen=True, gc=False):
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
