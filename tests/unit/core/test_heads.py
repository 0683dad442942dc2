import pytest

from chatapp.model.messages import Heads

from .dialogue import Conversation
from .person import Person


class TestHeads:
    """Protocol 6.4: of the groups one has a cursor in but isn't in, the head and the mentions, and never a text."""

    def test_who_left_hears_how_far_it_grew(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        sana.acks(4)
        sana.leaves("skii")
        talk.passes(1.5)
        sana.forgets()
        aysha.says("a secret for @sana")
        aysha.says("and another")
        talk.passes(1.5)

        (heads,) = sana.all(Heads)
        (row,) = heads.rows
        assert (row.group, row.name, row.head, row.cursor, row.mentions) == (talk.group("skii"), "skii", 7, 4, 1)
        assert "secret" not in str(sana.got)

    def test_a_member_and_a_stranger_hear_nothing(self, talk: Conversation, people: list[Person]) -> None:
        stranger = talk.registers("stranger")
        people[0].says("hi")
        talk.passes(2.5)

        assert not any(person.all(Heads) for person in [stranger, *people])

    def test_at_registration_all_of_them(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        sana.leaves("skii")
        sana.drops()
        aysha.says("hi")
        talk.passes(2.5)

        (heads,) = talk.registers("sana").all(Heads)
        assert [(row.name, row.head, row.cursor) for row in heads.rows] == [("skii", 6, 4)]

    def test_they_are_gathered(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        sana.leaves("skii")
        talk.passes(2.0)
        sana.forgets()
        for _ in range(16):
            aysha.says("hi")
            talk.ticks()
            talk.passes(0.0625)

        assert 1 <= len(sana.all(Heads)) <= 2

    @pytest.mark.parametrize(
        ("body", "count"),
        [
            ("@sana look", 1),
            ("look, @Sana.", 1),
            ("@sana @SANA @sana", 1),
            ("(@sana)", 1),
            ("sana", 0),
            ("@sanaa", 0),
            ("mail@sana.example", 0),
            ("@haider", 0),
        ],
    )
    def test_what_counts_as_a_mention(self, talk: Conversation, people: list[Person], body: str, count: int) -> None:
        aysha, sana, _ = people
        sana.leaves("skii")
        aysha.says(body)
        talk.passes(2.0)

        assert sana.all(Heads)[-1].rows[0].mentions == count

    @pytest.mark.parametrize("name", ["josé", "саша", "सना", "สมชาย", "o-neil", "a.b", "a_1"])
    def test_every_name_can_be_mentioned(self, talk: Conversation, people: list[Person], name: str) -> None:
        somebody = talk.registers(name)
        somebody.joins("skii")
        somebody.leaves("skii")
        people[0].says(f"what do you say, @{name}?")
        talk.passes(2.0)

        assert somebody.all(Heads)[-1].rows[0].mentions == 1
