from collections.abc import Sequence

import pytest

from chatapp.core.effects import Tell
from chatapp.model.messages import (
    Answer,
    Created,
    CreateGroup,
    History,
    Joined,
    JoinGroup,
    LeaveGroup,
    Left,
    ListMembers,
    Refused,
    Request,
    SendGroup,
    Stored,
)

from .dialogue import Conversation
from .person import Person, code


class TestCreating:
    """Protocol 5.2: creation is entry 1. One isn't in a group by creating it."""

    def test_the_group_is_there_and_its_creator_outside(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        answer = aysha.creates("skii")

        assert isinstance(answer, Created)
        assert answer.group == talk.group("skii")
        assert talk.log("skii") == [(1, "created", "aysha", "skii")]
        assert code(aysha.says("hi")) == "not_member"
        assert talk.screen[-1] == Tell("created", "aysha", "skii")

    def test_a_second_one_of_that_name_is_refused(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        aysha.creates("skii")

        assert code(sana.creates("SKII")) == "group_exists"
        assert talk.screen[-1] == Tell("creating_failed", "sana", "skii")
        assert talk.log("skii") == [(1, "created", "aysha", "skii")]

    def test_of_two_in_one_batch_the_first_creates_it(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        first, second = CreateGroup(aysha.new_id(), "skii"), CreateGroup(sana.new_id(), "skii")
        with talk.busy_disk():
            aysha.sends(first)
            sana.sends(second)

        assert isinstance(aysha.answer_to(first.id), Created)
        assert code(sana.answer_to(second.id)) == "group_exists"

    @pytest.mark.parametrize("name", ["", " ", "a/b", "a\nb", "-x", "\u202eskii", "a" * 33])
    def test_a_name_that_cannot_be_is_refused(self, talk: Conversation, name: str) -> None:
        aysha = talk.registers("aysha")

        assert code(aysha.creates(name)) == "bad_name"
        assert talk.store.load().groups == ()

    def test_not_while_in_a_group(self, talk: Conversation) -> None:
        aysha, _ = talk.group_of("aysha", "sana")

        assert code(aysha.creates("another")) == "in_group"


class TestJoiningAndLeaving:
    """Protocol 5.3: joining starts at one's own cursor, the first time at one's own join entry; one group at a time."""

    def test_the_first_time_one_begins_with_ones_own_join(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        sana = talk.registers("sana")
        aysha.creates("skii")
        aysha.joins("skii")
        aysha.says("before sana")
        answer = sana.joins("skii")

        assert isinstance(answer, Joined)
        assert (answer.name, answer.epoch, answer.start, answer.head, answer.count) == ("skii", 1, 3, 4, 2)
        assert dict(answer.members) == {"aysha": 1, "sana": 3}
        assert answer.ack_delay_s == talk.settings.ack_delay_s
        assert [(entry.seq, entry.kind, entry.by) for entry in sana.entries] == [(4, "joined", "sana")]

    def test_the_answer_comes_before_the_entries(self, talk: Conversation) -> None:
        _, sana = talk.group_of("aysha", "sana")
        kinds = [type(message).__name__ for message in sana.got]

        assert kinds.index("Joined") < kinds.index("Entry")

    def test_who_comes_back_gets_what_it_missed(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        sana.leaves("skii")
        aysha.says("while sana was out")
        sana.forgets()
        answer = sana.joins("skii")

        assert isinstance(answer, Joined)
        assert answer.start == 3
        assert [(entry.seq, entry.kind, entry.body) for entry in sana.entries] == [
            (4, "left", "left"),
            (5, "text", "while sana was out"),
            (6, "joined", ""),
        ]

    def test_joining_again_makes_no_entry_and_starts_delivery_afresh(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        before = talk.log("skii")
        again = sana.joins("skii", sana.holds("skii", 3))
        aysha.says("hi")

        assert isinstance(again, Joined)
        assert [*before, (4, "text", "aysha", "hi")] == talk.log("skii")
        assert sana.texts == ["hi"]

    def test_by_whatever_spelling_folds_to_its_name(self, talk: Conversation) -> None:
        talk.group_of("aysha", "sana")

        assert talk.registers("haider").joins("SKII").name == "skii"

    def test_not_while_in_another_group(self, talk: Conversation) -> None:
        _, sana = talk.group_of("aysha", "sana")
        haider = talk.registers("haider")
        haider.creates("other")

        assert code(sana.joins("other")) == "in_group"
        assert talk.members("skii") == {"aysha", "sana"}
        assert talk.members("other") == set()

    def test_into_two_groups_in_one_batch_only_the_first(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        aysha.creates("skii")
        aysha.creates("other")
        first, second = JoinGroup(aysha.new_id(), "skii"), JoinGroup(aysha.new_id(), "other")
        with talk.busy_disk():
            aysha.sends(first)
            aysha.sends(second)

        assert isinstance(aysha.answer_to(first.id), Joined)
        assert code(aysha.answer_to(second.id)) == "in_group"
        assert aysha.inside == talk.group("skii")

    def test_a_group_that_is_not_there(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")

        assert code(aysha.joins("nope")) == "no_such_group"
        assert talk.screen[-1] == Tell("joining_failed", "aysha", "nope")

    def test_leaving_is_told_to_those_who_stay(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        answer = sana.leaves("skii")

        assert answer == Left(answer.re, talk.group("skii"))
        assert [(entry.by, entry.kind, entry.body) for entry in aysha.entries[-1:]] == [("sana", "left", "left")]
        assert sana.entries[-1].kind == "joined", "one's own leave is read when one is back"

    def test_leaving_a_group_one_is_not_in(self, talk: Conversation) -> None:
        talk.group_of("aysha", "sana")
        haider = talk.registers("haider")

        assert code(haider.leaves("skii")) == "not_member"
        assert code(haider.asks(LeaveGroup(haider.new_id(), "no such id"))) == "not_member"


class TestSending:
    """Protocol 5.4: every member up to that entry gets it, nobody else; all in the same order."""

    def test_every_member_gets_it_and_the_sender_its_number(self, talk: Conversation) -> None:
        aysha, sana, haider = talk.group_of("aysha", "sana", "haider")
        answer = aysha.says("hi all")

        assert answer == Stored(answer.re, 5, talk.now.at)
        assert [person.texts for person in (aysha, sana, haider)] == [["hi all"]] * 3

    def test_who_is_outside_gets_nothing(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        stranger, gone = talk.registers("stranger"), sana
        gone.leaves("skii")
        aysha.says("only for members")
        talk.passes(5.0)

        for outside in (stranger, gone):
            assert "only for members" not in str(outside.got)

    def test_everybody_has_the_same_order(self, talk: Conversation) -> None:
        people = talk.group_of("aysha", "sana", "haider")
        with talk.busy_disk():
            for n in range(10):
                for person in people:
                    person.sends(SendGroup(person.new_id(), talk.group("skii"), f"{person.name} {n}"))

        order = [body for _, kind, _, body in talk.log("skii") if kind == "text"]
        assert len(order) == 30
        assert [person.texts for person in people] == [order] * 3

    def test_nothing_is_answered_or_delivered_before_it_is_durable(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        request = SendGroup(aysha.new_id(), talk.group("skii"), "hi")
        with talk.busy_disk():
            aysha.sends(request)
            assert not aysha.answers_to(request.id)
            assert sana.texts == []

        assert len(aysha.answers_to(request.id)) == 1
        assert sana.texts == ["hi"]

    def test_the_membership_that_counts_is_the_one_at_that_entry(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        haider = talk.registers("haider")
        skii = talk.group("skii")
        with talk.busy_disk():
            aysha.sends(SendGroup(aysha.new_id(), skii, "before"))
            sana.sends(LeaveGroup(sana.new_id(), skii))
            aysha.sends(SendGroup(aysha.new_id(), skii, "between"))
            haider.sends(JoinGroup(haider.new_id(), "skii"))
            aysha.sends(SendGroup(aysha.new_id(), skii, "after"))

        assert sana.texts == ["before"]
        assert haider.texts == ["after"]
        assert aysha.texts == ["before", "between", "after"]

    def test_from_outside_it_is_refused(self, talk: Conversation) -> None:
        talk.group_of("aysha", "sana")
        haider = talk.registers("haider")

        assert code(haider.says("let me in")) == "not_member"
        assert code(haider.asks(SendGroup(haider.new_id(), "no such id", "hi"))) == "not_member"

    def test_an_empty_message_is_refused(self, talk: Conversation) -> None:
        """Protocol 7.1."""
        aysha, _ = talk.group_of("aysha", "sana")

        assert code(aysha.says("")) == "empty"

    @pytest.mark.parametrize(
        "body",
        ["a\n\tb  c\r\n", "nul \x00 and \x1b[2J", "👩‍👩‍👧", "سلام \u202e", "  ", "x" * (1 << 20)],
        ids=["line breaks", "controls", "joiners", "right to left", "blanks", "1 MiB"],
    )
    def test_the_text_arrives_as_it_was_sent(self, talk: Conversation, body: str) -> None:
        """Protocol 7.3: what is stored is what was typed."""
        aysha, sana = talk.group_of("aysha", "sana")
        aysha.says(body)

        assert sana.texts == [body]
        assert talk.log("skii")[-1] == (4, "text", "aysha", body)

    def test_an_answer_waits_for_its_turn(self, talk: Conversation) -> None:
        """Answers leave in the order of their requests, refusals and questions among them."""
        aysha, _ = talk.group_of("aysha", "sana")
        skii = talk.group("skii")
        requests: list[Request] = [
            SendGroup(aysha.new_id(), skii, "one"),
            SendGroup(aysha.new_id(), skii, ""),
            ListMembers(aysha.new_id(), skii),
            LeaveGroup(aysha.new_id(), skii),
            ListMembers(aysha.new_id(), skii),
            SendGroup(aysha.new_id(), skii, "two"),
        ]
        with talk.busy_disk():
            for request in requests:
                aysha.sends(request)

        assert answers(aysha, requests) == ["Stored", "empty", "Members", "Left", "not_member", "not_member"]
        assert [message.re for message in aysha.got if isinstance(message, Answer)][-6:] == [
            request.id for request in requests
        ]


def answers(person: Person, requests: Sequence[Request]) -> list[str]:
    """What became of each: the type of its answer, or why it was refused."""
    found = [person.answer_to(request.id) for request in requests]
    return [answer.code if isinstance(answer, Refused) else type(answer).__name__ for answer in found]


class TestHistory:
    """Protocol 5.2, 6.5: a member may read the whole log; nobody outside may."""

    def test_a_member_reads_what_was_before_it(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        sana = talk.registers("sana")
        aysha.creates("skii")
        aysha.joins("skii")
        aysha.says("before sana")
        sana.joins("skii")
        answer = sana.asks(History(sana.new_id(), talk.group("skii"), 1, 3))

        assert [(entry.seq, entry.kind, entry.body) for entry in answer.entries] == [
            (1, "created", "skii"),
            (2, "joined", ""),
            (3, "text", "before sana"),
        ]
        assert answer.head == 4

    def test_not_from_outside(self, talk: Conversation) -> None:
        _, sana = talk.group_of("aysha", "sana")
        haider = talk.registers("haider")
        sana.leaves("skii")

        for outside in (haider, sana):
            assert code(outside.asks(History(outside.new_id(), talk.group("skii"), 1, 10))) == "not_member"
            assert code(outside.asks(ListMembers(outside.new_id(), talk.group("skii")))) == "not_member"

    def test_nought_means_the_first(self, talk: Conversation) -> None:
        aysha, _ = talk.group_of("aysha", "sana")
        answer = aysha.asks(History(aysha.new_id(), talk.group("skii"), 0, 1))

        assert [entry.seq for entry in answer.entries] == [1]

    @pytest.mark.parametrize("start", [4, (1 << 53) - 1])
    def test_beyond_the_head_there_is_nothing(self, talk: Conversation, start: int) -> None:
        aysha, _ = talk.group_of("aysha", "sana")
        answer = aysha.asks(History(aysha.new_id(), talk.group("skii"), start, 1))

        assert answer.entries == ()
