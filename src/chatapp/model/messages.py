"""Every message on the wire between a client and the server: one JSON object a text frame, its type in `t`.

Requests go to the server and carry an `id`; each gets exactly one answer, whose `re` is that id. Signals go to the
server and get none. Pushes come from the server unasked. docs/protocol.md, sections 4 to 6, has the meaning.
"""

from typing import Literal

import msgspec

PROTOCOL_VERSION = 1

Status = Literal["online", "offline"]
Kind = Literal["device", "guest"]
EntryKind = Literal["created", "joined", "left", "text"]
LeaveReason = Literal["left", "silent", "deregistered", "unresponsive"]
ByeReason = Literal["replaced", "deregistered", "unresponsive", "stopping", "left"]


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


class Message(msgspec.Struct, frozen=True, gc=False, tag_field="t", tag=_snake):
    """The root of all messages. Unknown fields are ignored, unknown types refused (protocol 2.4)."""


# -- log-in (protocol section 4) --------------------------------------------------------------------------------
class Challenge(Message, frozen=True):
    """The server's first frame. server: its id; nonce: 32 random bytes, hex; versions: what it speaks."""

    server: str
    nonce: str
    versions: tuple[int, ...]
    software: str


class Register(Message, frozen=True):
    """The client's first frame: proves the identity and claims the name.

    key: the Ed25519 public key, hex; signature: over `identity.login.signed_bytes`, hex; installation: 16 hex digits;
    port: the UDP port of the direct link, 0 for none; addresses: private or link-local IP addresses of this machine;
    roster: (boot, version) of the roster that the client has, so that it gets the difference.
    """

    version: int
    name: str
    key: str
    signature: str
    installation: str
    port: int
    addresses: tuple[str, ...] = ()
    roster: tuple[str, int] = ("", 0)


class Welcome(Message, frozen=True):
    """Registered. session: its generation; boot: a random number of this server process; group: where the server
    thinks one is, by id, or nothing; text_bytes_max: the limit of a group message's encoded text."""

    name: str
    session: int
    boot: str
    group: str | None
    text_bytes_max: int
    observed: str


# -- requests (protocol section 5) ------------------------------------------------------------------------------
class Request(Message, frozen=True):
    """The root of requests."""

    id: str


class CreateGroup(Request, frozen=True):
    """Create a group of that name; one isn't in it thereby."""

    group: str


class ListGroups(Request, frozen=True):
    """The names of all groups after `after`, a page."""

    after: str = ""


class Resume(msgspec.Struct, frozen=True, gc=False):
    """What the client's archive holds of a group: its id, the log epoch, the newest number, and that entry's id."""

    group: str
    epoch: int
    seq: int
    id: str


class JoinGroup(Request, frozen=True):
    """Join by name. A member already is answered without a new entry, and delivery starts afresh from `resume`."""

    group: str
    resume: Resume | None = None


class LeaveGroup(Request, frozen=True):
    """Leave the group one is in, announced. group: its id."""

    group: str


class SendGroup(Request, frozen=True):
    """Say `body` in the group (its id). Acknowledged when the entry is durable."""

    group: str
    body: str


class ListMembers(Request, frozen=True):
    """The members of the group (its id) one is in, after `after`, a page."""

    group: str
    after: str = ""


class History(Request, frozen=True):
    """Entries of the group one is in, from number `start`, at most `count`."""

    group: str
    start: int
    count: int


class Dereg(Request, frozen=True):
    """Go offline, and out of the group if in one. name: one's own."""

    name: str


class Report(Request, frozen=True):
    """`name` didn't acknowledge a private message: the server probes it and deregisters it if it is silent."""

    name: str


# -- signals ----------------------------------------------------------------------------------------------------
class Ack(Message, frozen=True):
    """The archive holds the group's entries up to `seq`."""

    group: str
    seq: int


class Alive(Message, frozen=True):
    """The answer to probe `n`."""

    n: int


class Leaving(Message, frozen=True):
    """The silent leave: out of the group and offline, nothing announced; the server closes."""


# -- answers ----------------------------------------------------------------------------------------------------
class Answer(Message, frozen=True):
    """The root of answers."""

    re: str


class Refused(Answer, frozen=True):
    """Understood and not granted. code: a word of docs/protocol.md, section 8; text: a sentence for people."""

    code: str
    text: str = ""
    retry_after_s: float = 0.0


class Created(Answer, frozen=True):
    """The group exists now. group: its id."""

    group: str


class Groups(Answer, frozen=True):
    """names: a page, in order; more: ask again after the last."""

    names: tuple[str, ...]
    more: bool


class Joined(Answer, frozen=True):
    """One is a member. Entries after `start` follow; `head` is the newest number now, `members` the cursors at
    that head (names up to NAMED_RECEIPTS_MAX, else none, and `count` alone)."""

    group: str
    name: str
    epoch: int
    start: int
    head: int
    count: int
    members: tuple[tuple[str, int], ...]
    ack_delay_s: float


class Left(Answer, frozen=True):
    """One isn't a member any more."""

    group: str


class Stored(Answer, frozen=True):
    """The message is durable at that number, and always will be at that number alone."""

    seq: int
    at: int


class Members(Answer, frozen=True):
    """names: a page, in order; more: ask again after the last."""

    names: tuple[str, ...]
    more: bool


class Done(Answer, frozen=True):
    """Granted, nothing to add."""


# -- pushes (protocol section 6) --------------------------------------------------------------------------------
class Entry(Message, frozen=True):
    """One entry of a group's log. at: the server's clock, milliseconds since 1970; by: whose entry; id: the request's.

    body: of `text` the message, of `created` the group's name, of `left` the reason, of `joined` nothing.
    """

    group: str
    seq: int
    at: int
    by: str
    id: str
    kind: EntryKind
    body: str


class Entries(Answer, frozen=True):
    """The answer to `history`; head: the newest number."""

    entries: tuple[Entry, ...]
    head: int


class RosterRow(msgspec.Struct, frozen=True, gc=False):
    """One client. key: Ed25519, hex; group: the name of the group it is in; addresses: of its direct link."""

    name: str
    key: str
    status: Status
    group: str | None
    kind: Kind
    addresses: tuple[str, ...]


class Roster(Message, frozen=True):
    """Rows that differ from what the client has; full: forget all others; more: another page of the same follows."""

    boot: str
    version: int
    full: bool
    rows: tuple[RosterRow, ...]
    more: bool


class Cursors(Message, frozen=True):
    """Receipts: how far members have acked. Either `named` (those who moved), or `counts` of (cursor, members), rounded
    down. ack_delay_s: how slowly the server wants acks in this group."""

    group: str
    named: tuple[tuple[str, int], ...]
    counts: tuple[tuple[int, int], ...]
    ack_delay_s: float


class HeadRow(msgspec.Struct, frozen=True, gc=False):
    """A group one has a cursor in but isn't in: numbers only, never text."""

    group: str
    name: str
    head: int
    cursor: int
    mentions: int


class Heads(Message, frozen=True):
    """How far groups that one isn't in have grown."""

    rows: tuple[HeadRow, ...]


class Probe(Message, frozen=True):
    """Are you there? Answer `alive` with the same n at once."""

    n: int


class Removed(Message, frozen=True):
    """The server took one out of the group."""

    group: str
    reason: LeaveReason


class Bye(Message, frozen=True):
    """The server closes this connection. `replaced` is final: that client doesn't reconnect by itself."""

    reason: ByeReason


Requests = CreateGroup | ListGroups | JoinGroup | LeaveGroup | SendGroup | ListMembers | History | Dereg | Report
Signals = Ack | Alive | Leaving
FromClient = Register | Requests | Signals
Answers = Refused | Created | Groups | Joined | Left | Stored | Members | Entries | Done
Pushes = Entry | Roster | Cursors | Heads | Probe | Removed | Bye
FromServer = Challenge | Welcome | Answers | Pushes
