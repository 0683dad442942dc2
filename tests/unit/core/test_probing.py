"""Protocol 5.6: who is there, who isn't, and how long it takes to say so.

The time-out is 0.5 s and the ack delay 0.125 s, so that a member that is silent from an entry on is probed 0.625 s
after it, then every 0.5 s, five times in all, and is removed 3.125 s after it.
"""

import pytest

from chatapp.core.effects import Tell
from chatapp.model.messages import Ack, Alive, Bye, ListMembers, Probe, Report

from .dialogue import TICK_S, Conversation
from .person import Person

PROBED_AT = [0.625, 1.125, 1.625, 2.125, 2.625]
REMOVED_AT = 3.125


class TestWhoIsTimed:
    """Only a cursor behind the head is timed."""

    def test_nobody_at_rest(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        talk.passes(60.0)

        assert not any(person.all(Probe) for person in pair)
        assert talk.members("skii") == {"aysha", "sana"}

    def test_nobody_who_acks_in_time(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        for seq in range(4, 14):
            aysha.says("hi")
            talk.passes(0.625 - TICK_S)
            sana.acks(seq)

        assert not sana.all(Probe)

    def test_nobody_outside(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, _ = pair
        stranger = talk.registers("stranger")
        stranger.attentive = False
        aysha.says("hi")
        talk.passes(60.0)

        assert not stranger.all(Probe)
        assert stranger.bye is None

    def test_from_the_entry_on_and_not_from_the_last_ack(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        talk.passes(7.0)
        talk.begins()
        aysha.says("hi")
        talk.passes(4.0)

        assert sana.times(Probe) == PROBED_AT


class TestSilence:
    """No ack within the time-out: probed, 5 times; all unanswered: an entry `left`, reason `unresponsive`, and
    deregistered."""

    def test_five_probes_and_then_removal(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        aysha.says("hi")
        talk.passes(5.0)

        assert sana.times(Probe) == PROBED_AT
        assert sana.times(Bye) == [REMOVED_AT]
        assert sana.got[-1] == Bye("unresponsive")
        assert [(entry.by, entry.kind, entry.body) for entry in aysha.entries[-1:]] == [
            ("sana", "left", "unresponsive")
        ]
        assert aysha.roster["sana"].status == "offline"
        assert aysha.roster["sana"].group is None
        assert Tell("unresponsive", "sana", "skii") in talk.screen

    def test_each_probe_has_its_own_number(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        aysha.says("hi")
        talk.passes(5.0)

        assert len({probe.n for probe in sana.all(Probe)}) == 5

    def test_the_others_are_not_asked(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, _ = pair
        aysha.says("hi")
        talk.passes(5.0)

        assert not aysha.all(Probe)
        assert aysha.bye is None

    def test_who_was_removed_keeps_cursor_and_right_to_return(
        self, talk: Conversation, pair: tuple[Person, Person]
    ) -> None:
        """(d)"""
        aysha, sana = pair
        aysha.says("one")
        talk.passes(5.0)
        aysha.says("two")
        back = talk.registers("sana")
        assert back.welcome.group is None

        assert back.joins("skii", sana.holds("skii", 4)).start == 4
        assert [*sana.texts, *back.texts] == ["one", "two"]

    def test_members_who_are_silent_together_go_together(self, talk: Conversation) -> None:
        aysha, *others = talk.group_of("aysha", "sana", "haider", "sarah")
        for person in others:
            person.attentive = False
        aysha.says("hi")
        talk.passes(5.0)

        assert talk.members("skii") == {"aysha"}


class TestProgress:
    """Any byte from the member, and a send buffer that drains, is progress."""

    @pytest.mark.parametrize("probes", range(6))
    def test_an_answer_in_the_last_moment_of_any_probe(
        self, talk: Conversation, pair: tuple[Person, Person], probes: int
    ) -> None:
        aysha, sana = pair
        aysha.says("hi")
        talk.passes([*PROBED_AT, REMOVED_AT][probes] - TICK_S)
        assert len(sana.all(Probe)) == probes
        sana.sends(Alive(sana.all(Probe)[-1].n if probes else 0))
        talk.passes(2.0)

        assert talk.has("skii", sana)
        assert sana.bye is None

    @pytest.mark.parametrize("word", ["request", "old ack", "wrong probe"])
    def test_any_word_will_do(self, talk: Conversation, pair: tuple[Person, Person], word: str) -> None:
        aysha, sana = pair
        skii = talk.group("skii")
        aysha.says("hi")
        for _ in range(20):
            talk.passes(2.5)
            if word == "request":
                sana.asks(ListMembers(sana.new_id(), skii))
            else:
                sana.sends(Ack(skii, 1) if word == "old ack" else Alive(999_999))

        assert talk.has("skii", sana)

    def test_after_a_word_all_five_begin_again(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        aysha.says("hi")
        talk.passes(2.625)
        sana.sends(Alive(sana.all(Probe)[-1].n))
        sana.forgets()
        talk.passes(5.0)

        assert len(sana.all(Probe)) == 5
        assert not talk.has("skii", sana)

    def test_who_drains_slowly_is_never_removed(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        sana.drains = True
        aysha.says("a long message")
        talk.passes(60.0)
        assert talk.has("skii", sana)
        assert not sana.all(Probe)

        sana.drains = False
        talk.passes(5.0)
        assert not talk.has("skii", sana)


class TestTimeOuts:
    """Protocol 3.1: at least 0.5 s, and RFC 6298 of that path."""

    def test_of_a_long_path(self, talk: Conversation) -> None:
        """Its first measurement R makes a time-out of R + 4 R/2."""
        aysha = talk.registers("aysha")
        sana = talk.registers("sana", round_trip_s=1.0)
        sana.attentive = False
        aysha.creates("skii")
        aysha.joins("skii")
        talk.begins()
        sana.joins("skii")
        talk.passes(30.0)

        first, last = 3.0 + 0.125, 3.0 * 6 + 0.125
        assert sana.times(Probe)[0] == first
        assert sana.times(Bye) == [last]

    def test_who_answers_after_its_round_trip_is_never_removed(self, talk: Conversation) -> None:
        """800 ms, and nothing but probes is answered."""
        aysha = talk.registers("aysha")
        sana = talk.registers("sana", round_trip_s=0.8125)
        sana.attentive = False
        aysha.creates("skii")
        aysha.joins("skii")
        sana.joins("skii")
        answered = 0
        for _ in range(600):
            talk.ticks()
            talk.clock_s += TICK_S
            for n, at in zip([probe.n for probe in sana.all(Probe)], sana.times(Probe), strict=True):
                if n > answered and talk.clock_s - talk.began_s >= at + 0.8125:
                    sana.sends(Alive(n))
                    answered = n

        assert answered
        assert talk.has("skii", sana)

    def test_a_path_that_has_become_fast_is_judged_as_fast(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        sana = talk.registers("sana", round_trip_s=1.0)
        aysha.creates("skii")
        aysha.joins("skii")
        sana.joins("skii")
        for _ in range(40):  # each probe is answered within its tick
            sana.sends(Report(sana.new_id(), "sana"))
            talk.ticks()
        sana.attentive = False
        talk.passes(1.0)
        talk.begins()
        sana.forgets()
        aysha.says("hi")
        talk.passes(5.0)

        assert sana.times(Bye) == [REMOVED_AT]

    def test_an_answer_to_an_older_probe_measures_nothing(self, talk: Conversation) -> None:
        """RFC 6298, section 3 (Karn): it would seem to have come at once."""
        aysha = talk.registers("aysha")
        sana = talk.registers("sana", round_trip_s=1.0)
        sana.attentive = False
        aysha.creates("skii")
        aysha.joins("skii")
        sana.joins("skii")
        talk.passes(3.125 + 3.0)
        first, _ = sana.all(Probe)
        sana.sends(Alive(first.n))
        sana.acks(3)
        sana.forgets()
        talk.begins()
        aysha.says("hi")
        talk.passes(5.0)

        assert sana.times(Probe) == [3.0 + 0.125]
