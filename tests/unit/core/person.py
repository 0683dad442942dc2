"""A session as the person behind it sees it: what they send, and what they got."""

from typing import TYPE_CHECKING, Any

from chatapp.model.ids import GroupNumber, SessionNumber
from chatapp.model.messages import (
    Ack,
    Alive,
    Answer,
    CreateGroup,
    Cursors,
    Entry,
    FromServer,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    Message,
    Probe,
    Refused,
    Removed,
    Request,
    Resume,
    Roster,
    RosterRow,
    SendGroup,
    Welcome,
)

if TYPE_CHECKING:
    from .dialogue import Conversation


class Person:
    """One session of somebody who has registered, or tried to."""

    def __init__(self, talk: "Conversation", name: str, session: SessionNumber, installation: int) -> None:
        self.talk = talk
        self.name = name
        self.session = session
        self.installation = installation
        self.got: list[FromServer] = []
        self.got_at: list[float] = []
        self.attentive = True
        """Answers probes and acks what it gets, at each tick."""
        self.drains = False
        """Its send buffer has drained whenever the core asks."""
        self.bye: str | None = None
        self.gone = False
        self.reads: GroupNumber | None = None
        self._answered = 0

    # -- what it sends ----------------------------------------------------------------------------------------
    def sends(self, message: Message) -> None:
        """The message comes in, and everything that follows from it happens."""
        self.talk.receives(self, message)

    def asks(self, request: Request) -> Any:
        """The answer to the request."""
        self.sends(request)
        return self.answer_to(request.id)

    def answer_to(self, request_id: str) -> Any:
        """The last answer to the request of that id."""
        return self.answers_to(request_id)[-1]

    def answers_to(self, request_id: str) -> list[Answer]:
        """All answers to the request of that id: one for each time that it came."""
        return [message for message in self.got if isinstance(message, Answer) and message.re == request_id]

    def new_id(self) -> str:
        """The next id of this installation."""
        return self.talk.new_id(self.installation)

    def creates(self, group: str) -> Any:
        return self.asks(CreateGroup(self.new_id(), group))

    def joins(self, group: str, holding: Resume | None = None) -> Any:
        return self.asks(JoinGroup(self.new_id(), group, holding))

    def leaves(self, group: str) -> Any:
        return self.asks(LeaveGroup(self.new_id(), self.talk.group(group)))

    def says(self, body: str, group: str = "skii") -> Any:
        return self.asks(SendGroup(self.new_id(), self.talk.group(group), body))

    def acks(self, seq: int, group: str = "skii") -> None:
        self.sends(Ack(self.talk.group(group), seq))

    def drops(self) -> None:
        """The connection is gone, without a word."""
        self.talk.loses(self)

    def listens(self) -> None:
        """Answers the probes that came since it listened last, and acks the newest entry."""
        unheard, self._answered = self.got[self._answered :], len(self.got)
        for message in unheard:
            if isinstance(message, Probe):
                self.sends(Alive(message.n))
        newest = [message for message in unheard if isinstance(message, Entry)][-1:]
        for entry in newest:
            self.sends(Ack(entry.group, entry.seq))

    def forgets(self) -> None:
        """Begins a new page: `got` holds what comes from now on."""
        self.got, self.got_at, self._answered = [], [], 0

    # -- what it got ------------------------------------------------------------------------------------------
    def all(self, kind: type[Message]) -> list[Any]:
        """All that it got of that type."""
        return [message for message in self.got if isinstance(message, kind)]

    def times(self, kind: type[Message]) -> list[float]:
        """When each of them came, in seconds since the conversation began."""
        at = zip(self.got_at, self.got, strict=True)
        return [clock_s - self.talk.began_s for clock_s, message in at if isinstance(message, kind)]

    @property
    def entries(self) -> list[Entry]:
        """The entries that were delivered to it, in order."""
        return self.all(Entry)

    @property
    def texts(self) -> list[str]:
        """What it could read."""
        return [entry.body for entry in self.entries if entry.kind == "text"]

    @property
    def welcome(self) -> Welcome:
        (welcome,) = self.all(Welcome)
        assert isinstance(welcome, Welcome)
        return welcome

    @property
    def inside(self) -> str | None:
        """The group that it must believe it is in, from all that it was told."""
        group = None
        for message in self.got:
            if isinstance(message, Welcome | Joined):
                group = message.group
            elif isinstance(message, Left | Removed) and message.group == group:
                group = None
        return group

    @property
    def receipts(self) -> list[tuple[str, int]]:
        """All (name, cursor) that it was told, in order."""
        return [pair for message in self.all(Cursors) for pair in message.named]

    @property
    def roster(self) -> dict[str, RosterRow]:
        """What it knows of everybody, from all that it was told."""
        rows: dict[str, RosterRow] = {}
        for message in self.all(Roster):
            if message.full:
                rows = {}
            rows |= {row.name: row for row in message.rows}
        return rows

    def holds(self, group: str, seq: int) -> Resume:
        """What its archive holds, if entry `seq` is the newest."""
        group_id = self.talk.group(group)
        (entry,) = {entry for entry in self.entries if (entry.group, entry.seq) == (group_id, seq)}
        return Resume(group_id, 1, seq, entry.id)


def code(answer: Answer) -> str:
    """Why it was refused."""
    assert isinstance(answer, Refused), answer
    return answer.code
