"""Protocol 2.3: the same id again gets the first answer and has no effect; with other content it is refused.

An answer that was lost is one that nobody has read: a retry is the same request again, on the same connection, on a
new one, in the same transaction, or to a server that was started anew.
"""

from typing import Any

import pytest

from chatapp.model.errors import ProtocolViolation
from chatapp.model.messages import Created, CreateGroup, Dereg, JoinGroup, LeaveGroup, Left, Request, SendGroup, Stored

from .dialogue import Conversation
from .person import Person, code

WAYS = ["same connection", "new connection", "same transaction", "new server"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def twice(talk: Conversation, person: Person, request: Request, way: str) -> tuple[Person, list[Any]]:
    """Sends it, and again as if its answer had been lost: who is there afterwards, and both answers."""
    if way == "same transaction":
        with talk.busy_disk():
            person.sends(request)
            person.sends(request)
        return person, person.answers_to(request.id)
    first = person.asks(request)
    if way == "new connection":
        person.drops()
    if way == "new server":
        talk.restarts()
    if way != "same connection":
        person = talk.registers(person.name)
    return person, [first, person.asks(request)]


class TestTheFirstAnswer:
    def test_of_create(self, talk: Conversation, way: str) -> None:
        aysha = talk.registers("aysha")
        aysha, answers = twice(talk, aysha, CreateGroup(aysha.new_id(), "skii"), way)

        assert answers[0] == answers[1] == Created(answers[0].re, talk.group("skii"))
        assert talk.log("skii") == [(1, "created", "aysha", "skii")]

    def test_of_join(self, talk: Conversation, way: str) -> None:
        talk.group_of("aysha", "sana")
        haider = talk.registers("haider")
        haider, answers = twice(talk, haider, JoinGroup(haider.new_id(), "skii"), way)

        assert answers[0].start == answers[1].start == 3
        assert answers[0].epoch == answers[1].epoch == 1
        assert [entry[1:3] for entry in talk.log("skii")].count(("joined", "haider")) == 1
        assert haider.inside == talk.group("skii")
        assert [entry.by for entry in haider.entries] == ["haider"] * len(haider.entries)

    def test_of_leave(self, talk: Conversation, way: str) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        sana, answers = twice(talk, sana, LeaveGroup(sana.new_id(), talk.group("skii")), way)

        assert answers[0] == answers[1] == Left(answers[0].re, talk.group("skii"))
        assert [entry[1:3] for entry in talk.log("skii")].count(("left", "sana")) == 1
        assert [entry.by for entry in aysha.entries if entry.kind == "left"] == ["sana"]

    def test_of_send(self, talk: Conversation, way: str) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        at = talk.now.at
        _, answers = twice(talk, aysha, SendGroup(aysha.new_id(), talk.group("skii"), "hi"), way)

        assert answers[0] == answers[1] == Stored(answers[0].re, 4, at)
        assert talk.log("skii")[3:] == [(4, "text", "aysha", "hi")]
        assert sana.texts == ["hi"]

    def test_of_dereg(self, talk: Conversation) -> None:
        aysha, _ = talk.group_of("aysha", "sana")
        _, answers = twice(talk, aysha, Dereg(aysha.new_id(), "aysha"), "new connection")

        assert answers[0] == answers[1]
        assert [entry[1:3] for entry in talk.log("skii")].count(("left", "aysha")) == 1


class TestAfterwards:
    """The first answer is given whatever has happened since."""

    def test_a_message_whose_sender_has_left(self, talk: Conversation) -> None:
        aysha, _ = talk.group_of("aysha", "sana")
        request = SendGroup(aysha.new_id(), talk.group("skii"), "hi")
        first = aysha.asks(request)
        aysha.leaves("skii")

        assert aysha.asks(request) == first

    def test_a_message_among_others_sent_since(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        request = SendGroup(aysha.new_id(), talk.group("skii"), "one")
        first = aysha.asks(request)
        sana.says("two")

        assert aysha.asks(request) == first
        assert sana.texts == ["one", "two"]

    def test_a_leave_from_before_one_came_back(self, talk: Conversation) -> None:
        _, sana = talk.group_of("aysha", "sana")
        request = LeaveGroup(sana.new_id(), talk.group("skii"))
        sana.sends(request)
        sana.joins("skii")

        assert sana.asks(request) == Left(request.id, talk.group("skii"))
        assert talk.members("skii") == {"aysha", "sana"}
        assert sana.says("still here").seq == 6

    def test_a_join_from_before_one_was_removed(self, talk: Conversation) -> None:
        """Protocol 5.3 (d): one learns that one isn't in it any more."""
        aysha, _ = talk.group_of("aysha", "sana")
        haider = talk.registers("haider")
        request = JoinGroup(haider.new_id(), "skii")
        haider.sends(request)
        haider.drops()
        talk.passes(5.0)
        assert talk.members("skii") == {"aysha", "sana"}

        haider = talk.registers("haider")
        haider.sends(request)
        aysha.says("not for haider")

        assert [entry[1:3] for entry in talk.log("skii")].count(("joined", "haider")) == 1
        assert haider.inside is None
        assert haider.texts == []

    def test_a_create_by_one_who_is_in_a_group_now(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        request = CreateGroup(aysha.new_id(), "skii")
        first = aysha.asks(request)
        aysha.joins("skii")

        assert aysha.asks(request) == first

    def test_a_refusal_is_not_remembered(self, talk: Conversation) -> None:
        """Protocol 2.3."""
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        join = JoinGroup(sana.new_id(), "skii")
        assert code(sana.asks(join)) == "no_such_group"

        aysha.creates("skii")
        assert sana.asks(join).name == "skii"


class TestAnotherContent:
    """The same id with other content is refused: the archive was cloned (protocol 3.7)."""

    @pytest.fixture
    def used(self, talk: Conversation) -> tuple[Person, str]:
        aysha, _ = talk.group_of("aysha", "sana")
        request = SendGroup(aysha.new_id(), talk.group("skii"), "hi")
        aysha.sends(request)
        return aysha, request.id

    def test_another_text(self, talk: Conversation, used: tuple[Person, str]) -> None:
        aysha, used_id = used
        assert code(aysha.asks(SendGroup(used_id, talk.group("skii"), "hi!"))) == "id_conflict"
        assert talk.log("skii")[3:] == [(4, "text", "aysha", "hi")]

    def test_another_group(self, talk: Conversation, used: tuple[Person, str]) -> None:
        aysha, used_id = used
        aysha.leaves("skii")
        aysha.creates("other")
        aysha.joins("other")

        assert code(aysha.asks(SendGroup(used_id, talk.group("other"), "hi"))) == "id_conflict"
        assert [kind for _, kind, _, _ in talk.log("other")] == ["created", "joined"]

    def test_another_request(self, talk: Conversation, used: tuple[Person, str]) -> None:
        aysha, used_id = used
        assert code(aysha.asks(LeaveGroup(used_id, talk.group("skii")))) == "id_conflict"
        assert talk.members("skii") == {"aysha", "sana"}

        aysha.leaves("skii")
        assert code(aysha.asks(JoinGroup(used_id, "skii"))) == "id_conflict"
        assert code(aysha.asks(CreateGroup(used_id, "other"))) == "id_conflict"
        assert talk.members("skii") == {"sana"}

    def test_in_the_same_transaction(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        twin = aysha.new_id()
        with talk.busy_disk():
            aysha.sends(SendGroup(twin, talk.group("skii"), "one"))
            aysha.sends(SendGroup(twin, talk.group("skii"), "two"))
            aysha.sends(SendGroup(aysha.new_id(), talk.group("skii"), "three"))

        first, second = aysha.answers_to(twin)
        assert isinstance(first, Stored)
        assert (first.seq, code(second)) == (4, "id_conflict")
        assert sana.texts == ["one", "three"]

    def test_the_same_id_of_another_client_is_another_id(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        same = aysha.new_id()

        assert aysha.asks(SendGroup(same, talk.group("skii"), "hi")).seq == 4
        assert sana.asks(SendGroup(same, talk.group("skii"), "ho")).seq == 5


@pytest.mark.parametrize("not_an_id", ["", "1", "x-1", "000000000000000a-0", "000000000000000A-1", "f" * 16 + "-1"])
def test_what_is_not_an_id_is_a_violation(talk: Conversation, not_an_id: str) -> None:
    aysha, _ = talk.group_of("aysha", "sana")
    with pytest.raises(ProtocolViolation, match="bad_id"):
        aysha.sends(SendGroup(not_an_id, talk.group("skii"), "hi"))
