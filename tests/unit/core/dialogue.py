"""A conversation with the core: people who ask, a real store that settles, and a clock that moves when a test says so.

    talk = Conversation(path)
    aysha, sana = talk.registers("aysha"), talk.registers("sana")
    aysha.creates("skii")

Every message passes the codec both ways. What `server` does with effects is done here in the simplest way that is
right: one batch for each input, or for all of a `with talk.busy_disk():`; delivery without a pause; a tick of
TICK_S, after which who is attentive has answered probes and acked what it got.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from chatapp.core.core import Core
from chatapp.core.effects import (
    Close,
    Deliver,
    Effect,
    Grow,
    Halt,
    Send,
    SendAll,
    SendEntries,
    SendHeads,
    SendMembers,
    Submit,
    Tell,
)
from chatapp.core.now import Now
from chatapp.model.ids import GroupNumber, RequestId, SessionNumber
from chatapp.model.messages import (
    Bye,
    Entries,
    FromServer,
    Heads,
    Message,
    Register,
)
from chatapp.model.settings import ServerSettings
from chatapp.protocol.codec import decode_from_client, decode_from_server, encode
from chatapp.store.sqlite import SqliteStore

from .person import Person

SETTINGS = ServerSettings(ack_timeout_s=0.5, ack_delay_s=0.125, roster_interval_s=0.25)
"""Times that are exact in binary, so that a test can say when something is due."""
TICK_S = 0.0625
MANY = 1 << 30


class Conversation:
    """A server without sockets. `core` and `store` are the real ones; `screen` is what the console was told."""

    def __init__(self, path: Path, settings: ServerSettings = SETTINGS) -> None:
        self.path = path
        self.settings = settings
        self.clock_s = self.began_s = 1000.0
        self.people: dict[SessionNumber, Person] = {}
        self.screen: list[Tell] = []
        self.submitted: list[Submit] = []
        self._busy = False
        self._counters: dict[int, int] = {}
        self._group_ids = 0
        self._sessions = 0
        self._boots = 0
        self._hung_up: list[SessionNumber] = []
        self._start()

    def _start(self) -> None:
        self._boots += 1
        self.store = SqliteStore(self.path)
        self.core = Core(self.store.load(), self.settings, self._boots, self._fresh_group_id, self.now)

    @property
    def now(self) -> Now:
        return Now(self.clock_s, 1_700_000_000_000 + int(self.clock_s * 1000))

    def _fresh_group_id(self) -> str:
        self._group_ids += 1
        return f"{self._group_ids:016x}"

    def new_id(self, installation: int) -> str:
        self._counters[installation] = self._counters.get(installation, 0) + 1
        return str(RequestId(installation, self._counters[installation]))

    def group(self, name: str) -> str:
        """The id of the group of that name."""
        world = self.core.world
        return world.groups[world.groups_by_name[name]].id

    def log(self, name: str) -> list[tuple[int, str, str, str]]:
        """(seq, kind, by, body) of the group's whole log, as the store has it."""
        world = self.core.world
        group = world.groups[world.groups_by_name[name]]
        stored = [world.entry(group, entry) for entry in self.store.entries(group.number, 0, MANY, MANY)]
        return [(entry.seq, entry.kind, entry.by, entry.body) for entry in stored]

    def members(self, name: str) -> set[str]:
        """Who is in the group, by the log alone."""
        inside: set[str] = set()
        for _, kind, by, _ in self.log(name):
            inside = inside | {by} if kind == "joined" else inside - {by} if kind == "left" else inside
        return inside

    def has(self, group: str, person: Person) -> bool:
        """Whether the person is in the group."""
        return person.name in self.members(group)

    # -- coming and going -------------------------------------------------------------------------------------
    def registers(
        self,
        name: str,
        *,
        identity: str | None = None,
        round_trip_s: float = 0.0,
        roster: tuple[str, int] = ("", 0),
        addresses: tuple[str, ...] = (),
    ) -> Person:
        """A new connection that has proven `identity` (the name's own, if none is given) and asks for the name."""
        self._sessions += 1
        digest = sha256((identity or name).encode()).digest()
        person = Person(self, name, SessionNumber(self._sessions), int.from_bytes(digest[:7], "big"))
        self.people[person.session] = person
        register = Register(1, name, digest.hex(), "", "", 0, addresses, roster)
        self._do(self.core.register(person.session, register, addresses, "192.0.2.1", round_trip_s))
        self._settle()
        return person

    def group_of(self, *names: str, group: str = "skii") -> list[Person]:
        """People who are in a group, the first of whom created it; all of them have acked what they got."""
        people = [self.registers(name) for name in names]
        people[0].creates(group)
        for person in people:
            person.joins(group)
        self._listen()
        self.passes(1.0)
        return people

    def receives(self, person: Person, message: Message) -> None:
        self._do(self.core.receive(person.session, decode_from_client(encode(message)), self.now))
        self._settle()

    def loses(self, person: Person) -> None:
        person.gone = True
        self._do(self.core.closed(person.session, self.now))
        self._settle()

    def restarts(self) -> None:
        """The server ends without a word, and is started again."""
        self.store.close()
        self.people, self.submitted = {}, []
        self._start()

    # -- time and the disk ------------------------------------------------------------------------------------
    def begins(self) -> None:
        """From now on `Person.times` counts."""
        self.began_s = self.clock_s

    def passes(self, seconds: float) -> None:
        """Time goes on, a tick at a time."""
        until = self.clock_s + seconds
        while self.clock_s < until:
            self.clock_s += TICK_S
            self.ticks()

    def ticks(self) -> None:
        """What the server does at each tick; then, who is attentive answers."""
        self._do(self.core.tick(self.now))
        for client, session in self.core.overdue(self.now):
            person = None if session is None else self.people[session]
            if person is not None and person.drains:
                self.core.drained(person.session)
            else:
                self._do(self.core.silent(client, self.now))
        self._settle()
        self._listen()

    def suspends(self, seconds: float) -> None:
        """The server itself stands still for so long."""
        self.clock_s += seconds
        self.core.stalled(self.now)
        self.ticks()

    @contextmanager
    def busy_disk(self) -> Iterator[None]:
        """What is asked meanwhile is settled at the end, in one transaction."""
        self._busy = True
        yield
        self._busy = False
        self._settle()

    def _listen(self) -> None:
        for person in list(self.people.values()):
            if person.attentive and not person.gone:
                person.listens()

    # -- effects ----------------------------------------------------------------------------------------------
    def _settle(self) -> None:
        while self.submitted and not self._busy:
            batch, self.submitted = self.submitted, []
            outcomes = iter(self.store.commit([submit.write for submit in batch if submit.write is not None]))
            for submit in batch:
                outcome = None if submit.write is None else next(outcomes)
                self._do(self.core.settled(submit, outcome, self.now))
        hung_up, self._hung_up = self._hung_up, []
        for session in hung_up:
            self._do(self.core.closed(session, self.now))

    def _do(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Submit():
                    self.submitted.append(effect)
                case Send():
                    self._hand(effect.session, effect.message)
                case SendAll():
                    for session in list(self.core.world.sessions):
                        self._hand(session, effect.message)
                case SendMembers():
                    for person in self._readers(effect.group):
                        self._hand(person.session, effect.message)
                case SendHeads():
                    rows = [
                        msgspec.structs.replace(row, mentions=self.store.mentions(effect.client, group, row.cursor))
                        for group, row in effect.rows
                    ]
                    self._hand(effect.session, Heads(tuple(rows)))
                case SendEntries():
                    self._hand(effect.session, self._read(effect))
                case Grow():
                    for person in self._readers(effect.group):
                        self._hand(person.session, effect.entry)
                case Deliver():
                    self._deliver(effect)
                case Halt():
                    if effect.session in self.people:
                        self.people[effect.session].reads = None
                case Close():
                    self._hang_up(effect)
                case Tell():
                    self.screen.append(effect)

    def _readers(self, group: GroupNumber) -> list[Person]:
        return [person for person in self.people.values() if person.reads == group and not person.gone]

    def _hand(self, session: SessionNumber, message: FromServer) -> None:
        person = self.people.get(session)
        if person is not None and not person.gone:
            person.got.append(decode_from_server(encode(message)))
            person.got_at.append(self.clock_s)

    def _deliver(self, effect: Deliver) -> None:
        group = self.core.world.groups[effect.group]
        self.people[effect.session].reads = effect.group
        for stored in self.store.entries(effect.group, effect.after, MANY, MANY):
            if stored.seq <= group.head:
                self._hand(effect.session, self.core.world.entry(group, stored))

    def _read(self, effect: SendEntries) -> Entries:
        world = self.core.world
        group = world.groups[effect.group]
        stored = self.store.entries(effect.group, effect.start - 1, effect.count, MANY)
        return Entries(effect.re, tuple(world.entry(group, entry) for entry in stored), group.head)

    def _hang_up(self, effect: Close) -> None:
        person = self.people[effect.session]
        if effect.reason is not None:
            self._hand(effect.session, Bye(effect.reason))
            person.bye = effect.reason
        person.gone = True
        self._hung_up.append(effect.session)
