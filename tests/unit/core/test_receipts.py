import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatapp.core.cursors import tell_receipts
from chatapp.core.effects import SendMembers
from chatapp.core.now import Now
from chatapp.core.world import Client, Group, World
from chatapp.model.errors import ProtocolViolation
from chatapp.model.ids import ClientNumber, GroupNumber
from chatapp.model.limits import ACK_DELAY_MAX_S, CURSORS_SAVED_EVERY_S, NAMED_RECEIPTS_MAX, RECEIPT_BUCKETS_MAX
from chatapp.model.messages import Ack, Cursors
from chatapp.model.settings import ServerSettings

from .dialogue import Conversation
from .person import Person


class TestReceipts:
    """Protocol 5.5, 6.3: `cursors`, one coalesced push per group and interval, with names; never backwards."""

    def test_an_ack_is_told_to_all_members(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        aysha.says("hi")
        sana.acks(5)
        talk.ticks()

        for person in people:
            assert person.all(Cursors) == [Cursors(talk.group("skii"), (("sana", 5),), (), 0.125)]

    def test_acks_within_an_interval_are_told_together(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, haider = people
        for body in "abc":
            aysha.says(body)
        sana.acks(5)
        talk.ticks()
        for seq in (6, 7):
            sana.acks(seq)
            haider.acks(seq)
            talk.passes(0.0625)
        talk.passes(0.125)

        told = [dict(push.named) for push in aysha.all(Cursors)]
        assert told == [{"sana": 5}, {"sana": 7, "haider": 7}]

    def test_an_ack_that_comes_late_moves_nothing_back(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        for body in "abc":
            aysha.says(body)
        for seq in (7, 5, 6, 0):
            sana.acks(seq)
            talk.passes(0.25)

        assert aysha.receipts == [("sana", 7)]

    def test_nothing_is_told_when_nothing_moved(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        sana.acks(4)
        talk.passes(3.0)

        assert not aysha.all(Cursors)

    def test_who_is_outside_hears_of_none(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, haider = people
        haider.leaves("skii")
        aysha.says("hi")
        sana.acks(6)
        talk.passes(0.25)

        assert aysha.receipts == [("sana", 6)]
        assert not haider.all(Cursors)

    def test_who_left_is_not_told_of_any_more(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        aysha.says("hi")
        sana.acks(5)
        sana.leaves("skii")
        talk.passes(0.25)

        assert "sana" not in dict(aysha.receipts)

    def test_a_member_joining_learns_how_far_everybody_is(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        aysha.says("hi")
        sana.acks(5)
        answer = talk.registers("sarah").joins("skii")

        assert dict(answer.members) == {"aysha": 4, "sana": 5, "haider": 4, "sarah": 5}

    @pytest.mark.parametrize("seq", [-1, 5, 1 << 40])
    def test_an_ack_of_what_is_not_there_is_a_violation(
        self, talk: Conversation, people: list[Person], seq: int
    ) -> None:
        with pytest.raises(ProtocolViolation):
            people[0].acks(seq)

    def test_an_ack_from_outside_counts_for_nothing(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        skii = talk.group("skii")
        sana.leaves("skii")
        talk.ticks()
        aysha.forgets()
        sana.sends(Ack(skii, 5))
        talk.registers("stranger").sends(Ack(skii, 5))
        talk.passes(0.25)

        assert aysha.receipts == []

    def test_an_ack_of_a_group_one_has_left_for_another(self, talk: Conversation, people: list[Person]) -> None:
        _, sana, haider = people
        skii = talk.group("skii")
        for person in (sana, haider):
            person.leaves("skii")
        sana.creates("other")
        for person in (haider, sana):
            person.joins("other")
        haider.forgets()
        sana.sends(Ack(skii, 3))
        talk.passes(0.25)

        assert haider.receipts == []

    def test_cursors_are_kept_across_a_restart(self, talk: Conversation, people: list[Person]) -> None:
        aysha, sana, _ = people
        aysha.says("hi")
        sana.acks(5)
        talk.passes(CURSORS_SAVED_EVERY_S + 0.25)
        talk.restarts()

        assert dict(talk.registers("sana").joins("skii").members) == {"aysha": 4, "sana": 5, "haider": 4}


class TestLargeGroups:
    """Protocol 5.5, 6.3: counts above 50 members, rounded down; acks as slowly as the server asks, up to 1 s."""

    @given(st.lists(st.integers(0, 500), min_size=NAMED_RECEIPTS_MAX + 1, max_size=300))
    def test_counts_claim_nothing_that_is_not_stored(self, cursors: list[int]) -> None:
        (push,) = receipts_of(dict(enumerate(cursors)))
        counts = push.counts

        assert not push.named
        assert len(counts) <= RECEIPT_BUCKETS_MAX
        assert [seq for seq, _ in counts] == sorted({seq for seq, _ in counts})
        assert sum(members for _, members in counts) == len(cursors)
        for seq, _ in counts:
            claimed = sum(members for at, members in counts if at >= seq)
            assert claimed <= sum(cursor >= seq for cursor in cursors)

    @given(st.lists(st.integers(0, RECEIPT_BUCKETS_MAX - 1), min_size=NAMED_RECEIPTS_MAX + 1, max_size=100))
    def test_few_different_cursors_are_told_exactly(self, cursors: list[int]) -> None:
        (push,) = receipts_of(dict(enumerate(cursors)))

        assert dict(push.counts) == {seq: cursors.count(seq) for seq in cursors}

    def test_names_up_to_fifty(self) -> None:
        (push,) = receipts_of(dict.fromkeys(range(NAMED_RECEIPTS_MAX), 7))

        assert len(push.named) == NAMED_RECEIPTS_MAX
        assert not push.counts

    @pytest.mark.parametrize(
        ("members", "delay_s"), [(1, 0.125), (50, 0.125), (100, 0.25), (400, ACK_DELAY_MAX_S), (4000, ACK_DELAY_MAX_S)]
    )
    def test_acks_are_asked_for_more_slowly(self, members: int, delay_s: float) -> None:
        (push,) = receipts_of(dict.fromkeys(range(members), 7))

        assert push.ack_delay_s == delay_s


def receipts_of(cursors: dict[int, int]) -> list[Cursors]:
    """What a group is told whose members have just moved to those cursors."""
    world = World(ServerSettings(ack_delay_s=0.125), 1)
    numbers = {ClientNumber(n): seq for n, seq in cursors.items()}
    for number in numbers:
        world.add_client(Client(number, f"c{number}", b"", "device", ()))
    group = Group(GroupNumber(1), "1", "skii", 1, 999, set(numbers), dict(numbers), set(numbers))
    world.add_group(group)
    world.receipts.add(group.number)
    told = []
    for effect in tell_receipts(world, Now(1.0, 0)):
        assert isinstance(effect, SendMembers)
        assert isinstance(effect.message, Cursors)
        told.append(effect.message)
    return told


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_receipts_go_forward_only_and_no_further_than_acks(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Protocol 5.5: never backwards; whatever the order of messages, acks, leaves, returns and pauses."""
    talk = Conversation(tmp_path_factory.mktemp("receipts") / "server.db")
    people = {person.name: person for person in talk.group_of("aysha", "sana", "haider")}
    acked = dict.fromkeys(people, 4)
    for person in people.values():
        person.attentive = False
    for _ in range(data.draw(st.integers(1, 30), "steps")):
        person = people[data.draw(st.sampled_from(sorted(people)), "who")]
        match data.draw(st.sampled_from(["says", "acks", "acks", "leaves", "joins", "waits"]), "what"):
            case "says" if person.inside:
                person.says("hi")
            case "acks" if person.inside:
                seq = data.draw(st.integers(0, person.entries[-1].seq), "seq")
                acked[person.name] = max(acked[person.name], seq)
                person.acks(seq)
            case "leaves" if person.inside:
                person.leaves("skii")
            case "joins" if not person.inside:
                person.joins("skii")
            case "waits":
                talk.passes(0.125)
    talk.passes(0.25)
    for person in people.values():
        for name in people:
            told = [seq for teller, seq in person.receipts if teller == name]
            assert told == sorted(set(told))
            assert all(seq <= acked[name] for seq in told)
    talk.store.close()
