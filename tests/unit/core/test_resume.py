"""Protocol 5.3: one's cursor, and what a resume makes of it; a group has a log epoch."""

import pytest

from chatapp.core.writes import KeepCursors
from chatapp.model.messages import Joined, JoinGroup, Resume

from .dialogue import Conversation
from .person import Person


@pytest.fixture
def people(talk: Conversation) -> list[Person]:
    """aysha and sana in skii, where entries 4 to 8 are `a` to `e`; sana has acked up to 6, and has dropped out."""
    aysha, sana = talk.group_of("aysha", "sana")
    sana.attentive = False
    for body in "abcde":
        aysha.says(body)
    sana.acks(6)
    sana.drops()
    talk.ticks()
    return [aysha, sana]


def epoch(talk: Conversation) -> int:
    (group,) = talk.store.load().groups
    return group.epoch


class TestHolds:
    """What the archive holds is what the log has there: delivery goes on behind it."""

    def test_from_what_the_archive_holds(self, talk: Conversation, people: list[Person]) -> None:
        held = people[1].holds("skii", 7)
        sana = talk.registers("sana")
        answer = sana.joins("skii", held)

        assert isinstance(answer, Joined)
        assert (answer.start, answer.head, answer.epoch) == (7, 8, 1)
        assert sana.texts == ["e"]

    def test_an_older_archive_gets_again_what_was_acked_once(self, talk: Conversation, people: list[Person]) -> None:
        aysha, before = people
        talk.passes(0.25)
        aysha.forgets()
        sana = talk.registers("sana")
        sana.attentive = False
        answer = sana.joins("skii", before.holds("skii", 4))
        talk.passes(0.25)

        assert answer.start == 4
        assert sana.texts == ["b", "c", "d", "e"]
        assert dict(answer.members) == {"aysha": 8, "sana": 6}, "what it has acked once stays acked"
        assert aysha.receipts == []

    def test_an_empty_archive_begins_at_the_cursor(self, talk: Conversation, people: list[Person]) -> None:
        sana = talk.registers("sana")
        answer = sana.joins("skii")

        assert answer.start == 6
        assert sana.texts == ["d", "e"]

    def test_a_resume_is_an_ack(self, talk: Conversation, people: list[Person]) -> None:
        """A client acks after its archive has stored the entries; its resume says no less. Cursors are kept lazily,
        so after a crash of the server nothing else may tell the others that sana has them."""
        aysha, sana = people
        talk.passes(0.25)
        aysha.forgets()
        sana_again = talk.registers("sana")
        sana_again.attentive = False
        sana_again.joins("skii", sana.holds("skii", 8))
        talk.passes(1.5)

        assert aysha.receipts == [("sana", 8)]
        talk.restarts()
        (group,) = talk.store.load().groups
        assert sorted(group.cursors.values()) == [8, 8]


class TestDoesNotHold:
    """(c) Another entry at that number, or none (an older copy of the disk came back): the log epoch goes up by one."""

    def test_another_entry_is_there(self, talk: Conversation, people: list[Person]) -> None:
        held = people[1].holds("skii", 5)
        sana = talk.registers("sana")
        answer = sana.joins("skii", Resume(held.group, 1, 7, held.id))

        assert (answer.epoch, answer.start) == (2, 6)
        assert sana.texts == ["d", "e"]

    def test_a_number_beyond_the_head(self, talk: Conversation, people: list[Person]) -> None:
        held = people[1].holds("skii", 8)
        sana = talk.registers("sana")
        answer = sana.joins("skii", Resume(held.group, 1, 9, held.id))

        assert (answer.epoch, answer.start, answer.head) == (2, 6, 8)
        assert sana.texts == ["d", "e"]

    def test_nobody_else_is_resynced(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana = people
        aysha.forgets()
        talk.registers("sana").joins("skii", Resume(talk.group("skii"), 1, 99, sana.new_id()))
        aysha.says("f")

        assert not aysha.all(Joined)
        assert aysha.texts == ["f"]

    def test_an_epoch_once_begun_is_kept(self, talk: Conversation, people: list[Person]) -> None:
        talk.registers("sana").joins("skii", Resume(talk.group("skii"), 1, 99, people[1].new_id()))
        talk.restarts()

        assert talk.registers("aysha").joins("skii").epoch == 2

    def test_what_was_said_before_it_still_holds(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana = people
        held = aysha.holds("skii", 8)
        talk.registers("sana").joins("skii", Resume(talk.group("skii"), 1, 99, sana.new_id()))
        again = talk.registers("aysha").joins("skii", held)

        assert (again.epoch, again.start) == (2, 8), "aysha's entry 8 is still there: no third epoch"

    def test_the_retry_of_such_a_join_starts_no_other(self, talk: Conversation, people: list[Person]) -> None:
        """Once for an id."""
        sana = talk.registers("sana")
        request = JoinGroup(sana.new_id(), "skii", Resume(talk.group("skii"), 1, 99, sana.new_id()))
        sana.leaves("skii")
        first, second = sana.asks(request), sana.asks(request)

        assert (first.epoch, second.epoch) == (2, 2)
        assert epoch(talk) == 2

    def test_what_is_held_of_another_group_says_nothing_of_this_one(
        self, talk: Conversation, people: list[Person]
    ) -> None:
        held = people[1].holds("skii", 8)
        haider = talk.registers("haider")
        haider.creates("other")
        haider.joins("other", held)

        assert {group.name: group.epoch for group in talk.store.load().groups} == {"skii": 1, "other": 1}

    def test_a_cursor_beyond_the_head_of_an_older_image_is_none(self, talk: Conversation, people: list[Person]) -> None:
        numbers = {client.name: client.number for client in talk.store.load().clients}
        (group,) = talk.store.load().groups
        talk.store.commit([KeepCursors(((numbers["sana"], group.number, 99),))])
        talk.restarts()
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        aysha.joins("skii")

        answer = sana.joins("skii")
        assert answer.start == 8
        assert dict(answer.members)["sana"] == 8
        aysha.says("f")
        assert sana.texts == ["f"]
