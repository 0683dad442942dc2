"""Whatever people do, in whatever order and however slow the disk: memory is a cache of the store, everybody knows the
group that the server thinks they are in, and every log is read without gaps.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatapp.core.world import World, restored
from chatapp.model.ids import ClientNumber
from chatapp.model.messages import (
    Answer,
    CreateGroup,
    Dereg,
    Entry,
    Joined,
    JoinGroup,
    LeaveGroup,
    Leaving,
    Request,
    Resume,
    SendGroup,
)

from .dialogue import Conversation
from .person import Person

PEOPLE = ("aysha", "sana", "haider")
NAMES = st.sampled_from(PEOPLE)
GROUPS = st.sampled_from(["skii", "other"])


class Crowd(RuleBasedStateMachine):
    """Three people, two groups, one server."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.talk = Conversation(Path(self.directory.name) / "server.db")
        self.people = {name: self.talk.registers(name) for name in PEOPLE}
        self.sessions = list(self.people.values())
        self.asked: list[tuple[str, Request]] = []
        self.newest: dict[str, dict[str, Entry]] = {name: {} for name in PEOPLE}
        self.busy = ExitStack()
        self.is_busy = False

    def teardown(self) -> None:
        self.busy.close()
        self.talk.store.close()
        self.directory.cleanup()

    def asks(self, name: str, request: Request) -> None:
        """The request comes on the session that the name has, which may be about to be replaced."""
        person = self.present(name)
        if person is not None:
            self.asked.append((name, request))
            person.sends(request)

    def present(self, name: str) -> Person | None:
        world = self.talk.core.world
        session = world.clients[world.names[name]].session
        return None if session is None else self.talk.people[session]

    # -- what people do ---------------------------------------------------------------------------------------
    def sends_again_what_was_not_answered(self) -> None:
        """As an outbox does when its session was replaced, or lost."""
        answered = {message.re for person in self.sessions for message in person.all(Answer)}
        for name, request in [pair for pair in self.asked if pair[1].id not in answered]:
            if person := self.present(name):
                person.sends(request)

    @rule(name=NAMES, address=st.sampled_from(["", "192.0.2.1:2000", "192.0.2.2:2000"]))
    def registers(self, name: str, address: str) -> None:
        self.people[name] = self.talk.registers(name, addresses=(address,) if address else ())
        self.sessions.append(self.people[name])
        if not self.is_busy:
            self.sends_again_what_was_not_answered()

    @rule(name=NAMES)
    def drops(self, name: str) -> None:
        if not self.people[name].gone:
            self.people[name].drops()

    @rule(name=NAMES, group=GROUPS)
    def creates(self, name: str, group: str) -> None:
        self.asks(name, CreateGroup(self.people[name].new_id(), group))

    @rule(name=NAMES, group=GROUPS, resumes=st.booleans())
    def joins(self, name: str, group: str, resumes: bool) -> None:
        person = self.people[name]
        newest = self.newest[name].get(group) if resumes else None
        held = None if newest is None else Resume(newest.group, 1, newest.seq, newest.id)
        self.asks(name, JoinGroup(person.new_id(), group, held))

    @rule(name=NAMES)
    def leaves(self, name: str) -> None:
        person = self.present(name) or self.people[name]
        self.asks(name, LeaveGroup(person.new_id(), person.inside or "none"))

    @rule(name=NAMES, body=st.text(min_size=1, max_size=5))
    def says(self, name: str, body: str) -> None:
        person = self.present(name) or self.people[name]
        self.asks(name, SendGroup(person.new_id(), person.inside or "none", body))

    @rule(name=NAMES)
    def deregisters(self, name: str) -> None:
        self.asks(name, Dereg(self.people[name].new_id(), name))

    @rule(name=NAMES)
    def leaves_silently(self, name: str) -> None:
        if person := self.present(name):
            person.sends(Leaving())

    @rule(data=st.data())
    def tries_again(self, data: st.DataObject) -> None:
        if self.asked:
            name, request = data.draw(st.sampled_from(self.asked))
            self.asks(name, request)

    @rule(name=NAMES, attentive=st.booleans())
    def pays_attention(self, name: str, attentive: bool) -> None:
        self.people[name].attentive = attentive

    # -- what happens to the server ---------------------------------------------------------------------------
    @rule(seconds=st.sampled_from([0.0625, 0.5, 3.5, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.talk.passes(seconds)

    @precondition(lambda self: not self.is_busy)
    @rule()
    def the_disk_is_slow(self) -> None:
        self.busy.enter_context(self.talk.busy_disk())
        self.is_busy = True

    @precondition(lambda self: self.is_busy)
    @rule()
    def the_disk_is_done(self) -> None:
        self.busy.close()
        self.is_busy = False
        self.sends_again_what_was_not_answered()

    @precondition(lambda self: not self.is_busy)
    @rule()
    def is_started_again(self) -> None:
        self.talk.restarts()
        for person in self.people.values():
            person.gone = True

    # -- what stays true --------------------------------------------------------------------------------------
    @invariant()
    def memory_is_a_cache_of_the_store(self) -> None:
        if not self.is_busy:
            world = self.talk.core.world
            assert rows_of(world) == rows_of(restored(self.talk.store.load(), world.settings, 0, 0.0))

    @invariant()
    def everybody_knows_the_group_they_are_in(self) -> None:
        world = self.talk.core.world
        for person in self.people.values():
            if not self.is_busy and person.session in world.sessions:
                group = world.group_of(world.client_of(person.session))
                assert person.inside == (None if group is None else group.id), person.name

    @invariant()
    def members_have_taken_part_in_the_log_since_they_joined(self) -> None:
        world = self.talk.core.world
        for group in world.groups.values():
            if not self.is_busy:
                assert {world.clients[number].name for number in group.members} == self.talk.members(group.name)
                assert [seq for seq, _, _, _ in self.talk.log(group.name)] == list(range(1, group.head + 1))
                assert all(0 <= cursor <= group.head for cursor in group.cursors.values())

    @invariant()
    def nothing_is_skipped(self) -> None:
        names = {group.id: group.name for group in self.talk.core.world.groups.values()}
        for name, person in self.people.items():
            following: dict[str, int] = {}
            for message in person.got:
                if isinstance(message, Joined):
                    following[message.group] = message.start + 1
                elif isinstance(message, Entry):
                    assert message.seq == following[message.group], name
                    following[message.group] += 1
                    self.newest[name][names[message.group]] = message


def rows_of(world: World) -> tuple[object, ...]:
    """All that a world caches of its store; cursors apart, which are stored lazily."""

    def name(number: ClientNumber) -> str:
        return world.clients[number].name

    clients = {(client.number, client.name, client.key, client.addresses) for client in world.clients.values()}
    inside = {(client.name, client.group) for client in world.clients.values()}
    groups = {
        (group.number, group.id, group.name, group.epoch, group.head, frozenset(map(name, group.members)))
        for group in world.groups.values()
    }
    return clients, inside, groups


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
