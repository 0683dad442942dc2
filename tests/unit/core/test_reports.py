import pytest

from chatapp.model.messages import Bye, Done, Probe, Report

from .dialogue import TICK_S, Conversation
from .person import Person, code


class TestReports:
    """Protocol 5.4: the server probes the client at once, unless it is being watched already: no answer, and it is
    deregistered; an answer, and it stays."""

    @pytest.mark.parametrize("inside", [True, False])
    def test_of_one_who_is_silent(self, talk: Conversation, inside: bool) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        sana.attentive = False
        if not inside:
            sana.leaves("skii")
            talk.passes(1.0)
        talk.begins()
        answer = aysha.asks(Report(aysha.new_id(), "sana"))
        talk.passes(5.0)

        assert answer == Done(answer.re)
        assert sana.times(Probe) == [TICK_S + 0.5 * n for n in range(5)]
        assert sana.times(Bye) == [TICK_S + 2.5]
        assert aysha.roster["sana"].status == "offline"
        assert [kind for _, kind, _, _ in talk.log("skii")].count("left") == 1

    def test_of_one_who_answers(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        aysha.asks(Report(aysha.new_id(), "sana"))
        talk.passes(10.0)

        assert len(sana.all(Probe)) == 1
        assert sana.bye is None
        assert aysha.roster["sana"].status == "online"

    def test_many_at_once_make_one_sequence(self, talk: Conversation) -> None:
        aysha, sarah, sana = (talk.registers(name) for name in ("aysha", "sarah", "sana"))
        sana.attentive = False
        for _ in range(10):
            for reporter in (aysha, sarah):
                reporter.asks(Report(reporter.new_id(), "Sana"))
            talk.passes(0.25)
        talk.passes(5.0)

        assert len(sana.all(Probe)) == 5

    def test_do_not_make_probes_come_faster(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        aysha.says("hi")
        for _ in range(20):
            aysha.asks(Report(aysha.new_id(), "sana"))
            talk.passes(0.25)

        assert len(sana.all(Probe)) == 5
        assert sana.times(Bye)[0] >= 2.5

    def test_of_nobody(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")

        assert code(aysha.asks(Report(aysha.new_id(), "nobody"))) == "no_such_name"

    def test_of_one_who_is_offline_already(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        sana.drops()
        talk.passes(5.0)
        talk.screen.clear()
        answer = aysha.asks(Report(aysha.new_id(), "sana"))
        talk.passes(5.0)

        assert answer == Done(answer.re)
        assert talk.screen == []
