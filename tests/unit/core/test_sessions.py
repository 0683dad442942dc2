import pytest

from chatapp.core.effects import Tell
from chatapp.model.errors import ProtocolViolation
from chatapp.model.messages import (
    Bye,
    Dereg,
    Done,
    Leaving,
    ListGroups,
    Refused,
    Register,
    SendGroup,
    Welcome,
)

from .dialogue import Conversation
from .person import code


class TestRegistering:
    """Protocol 4.6: a name belongs to the first identity that registered it. Another identity: refused."""

    def test_who_comes_first_is_welcome(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")

        assert aysha.got[0] == Welcome("aysha", aysha.session, "0000000000000001", None, 1 << 20, "192.0.2.1")
        assert talk.screen == [Tell("registered", "aysha")]

    def test_another_identity_is_refused_and_its_connection_closed(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        impostor = talk.registers("aysha", identity="somebody else")

        (refusal,) = impostor.got
        assert isinstance(refusal, Refused)
        assert (refusal.re, refusal.code) == ("", "name_taken")
        assert impostor.gone
        assert aysha.bye is None

    def test_the_name_stays_with_its_identity_after_dereg_and_after_a_restart(self, talk: Conversation) -> None:
        """For good."""
        aysha = talk.registers("aysha")
        aysha.asks(Dereg(aysha.new_id(), "aysha"))
        assert code_of_first(talk, "aysha", "somebody else") == "name_taken"

        talk.restarts()
        assert code_of_first(talk, "aysha", "somebody else") == "name_taken"
        assert talk.registers("aysha").welcome.name == "aysha"

    @pytest.mark.parametrize("name", ["", "Aysha", "a b", "../etc", "a\x1b[2J", "a\u202eb", "x" * 33])
    def test_a_name_that_a_screen_or_a_path_could_misread_is_refused(self, talk: Conversation, name: str) -> None:
        nobody = talk.registers(name)

        (refusal,) = nobody.got
        assert isinstance(refusal, Refused)
        assert refusal.code == "bad_name"
        assert nobody.gone
        assert talk.store.load().clients == ()

    def test_two_who_want_one_name_in_the_same_batch(self, talk: Conversation) -> None:
        with talk.busy_disk():
            first, second = talk.registers("aysha"), talk.registers("aysha", identity="somebody else")

        assert first.welcome.name == "aysha"
        assert second.gone
        assert not second.all(Welcome)

    def test_a_connection_that_is_lost_before_its_answer_leaves_nobody_behind(self, talk: Conversation) -> None:
        with talk.busy_disk():
            aysha = talk.registers("aysha")
            aysha.drops()

        talk.passes(5.0)
        assert not talk.core.world.sessions
        assert not talk.core.world.enrolling
        assert "aysha" in talk.core.world.names, "memory is a cache of the store, which has the name"

    def test_speaking_before_the_welcome_is_a_violation(self, talk: Conversation) -> None:
        with talk.busy_disk():
            aysha = talk.registers("aysha")
            with pytest.raises(ProtocolViolation, match="too_early"):
                aysha.sends(ListGroups(aysha.new_id()))

    def test_registering_twice_on_a_connection_is_a_violation(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        with pytest.raises(ProtocolViolation, match="registered_already"):
            aysha.sends(Register(1, "sana", "", "", "", 0))


def code_of_first(talk: Conversation, name: str, identity: str) -> str:
    (refusal,) = talk.registers(name, identity=identity).got
    assert isinstance(refusal, Refused)
    return refusal.code


class TestReplaced:
    """Protocol 4.8: a log-in with the same identity replaces the older session: that one gets `bye` with the reason
    `replaced`, and what it sends later is discarded."""

    def test_the_older_session_hears_that_it_is_replaced(self, talk: Conversation) -> None:
        older = talk.registers("aysha")
        newer = talk.registers("aysha")

        assert older.got[-1] == Bye("replaced")
        assert newer.bye is None
        assert newer.welcome.session > older.welcome.session

    def test_what_the_older_session_sends_later_is_discarded(self, talk: Conversation) -> None:
        older, sana = talk.group_of("aysha", "sana")
        newer = talk.registers("aysha")
        before = talk.log("skii")

        older.sends(SendGroup(older.new_id(), talk.group("skii"), "from the past"))
        older.sends(Dereg(older.new_id(), "aysha"))
        older.sends(Leaving())

        assert talk.log("skii") == before
        assert newer.bye is None
        assert sana.texts == []

    def test_the_end_of_the_older_connection_takes_nobody_offline(self, talk: Conversation) -> None:
        older, sana = talk.group_of("aysha", "sana")
        newer = talk.registers("aysha")
        older.drops()
        talk.passes(10.0)

        assert sana.roster["aysha"].status == "online"
        assert talk.members("skii") == {"aysha", "sana"}
        assert newer.bye is None

    def test_the_group_is_delivered_to_the_newer_one_alone(self, talk: Conversation) -> None:
        older, sana = talk.group_of("aysha", "sana")
        newer = talk.registers("aysha")
        assert newer.welcome.group == talk.group("skii")
        newer.joins("skii", older.holds("skii", 3))

        sana.says("hi")

        assert older.texts == []
        assert older.reads is None
        assert newer.texts == ["hi"]

    def test_what_the_older_one_had_sent_before_is_settled(self, talk: Conversation) -> None:
        older, sana = talk.group_of("aysha", "sana")
        with talk.busy_disk():
            older.sends(SendGroup(older.new_id(), talk.group("skii"), "in time"))
            talk.registers("aysha")

        assert sana.texts == ["in time"]

    def test_one_who_left_by_the_older_session_is_told_so_in_the_newer(self, talk: Conversation) -> None:
        """The client must not believe that it is in a group which it has left."""
        older, _ = talk.group_of("aysha", "sana")
        with talk.busy_disk():
            newer = talk.registers("aysha")
            older.sends(Leaving())

        assert talk.members("skii") == {"sana"}
        assert newer.bye is None
        assert newer.inside is None


class TestGoingOffline:
    """Protocol 5.4: `dereg` and `leaving` take one out of one's group and offline, and close the session."""

    def test_dereg_is_answered_then_the_connection_is_closed(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        request = Dereg(aysha.new_id(), "aysha")
        aysha.sends(request)

        assert aysha.got[-2:] == [Done(request.id), Bye("deregistered")]
        assert talk.registers("sana").roster["aysha"].status == "offline"

    def test_dereg_in_a_group_is_an_entry_there(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        aysha.sends(Dereg(aysha.new_id(), "Aysha"))

        assert [(entry.by, entry.kind, entry.body) for entry in sana.entries[-1:]] == [
            ("aysha", "left", "deregistered")
        ]
        assert talk.members("skii") == {"sana"}

    def test_nobody_deregisters_another(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")

        assert code(sana.asks(Dereg(sana.new_id(), "aysha"))) == "not_yours"
        assert code(sana.asks(Dereg(sana.new_id(), "nobody"))) == "no_such_name"
        assert aysha.bye is None

    def test_dereg_twice_is_answered_twice_and_done_once(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        request = Dereg(aysha.new_id(), "aysha")
        with talk.busy_disk():
            aysha.sends(request)
            aysha.sends(request)

        assert aysha.answers_to(request.id)[0] == Done(request.id)
        assert [entry.body for entry in sana.entries if entry.kind == "left"] == ["deregistered"]

    def test_the_silent_leave_announces_itself_only_as_an_entry(self, talk: Conversation) -> None:
        aysha, sana = talk.group_of("aysha", "sana")
        aysha.sends(Leaving())

        assert aysha.got[-1] == Bye("left")
        assert [(entry.by, entry.kind, entry.body) for entry in sana.entries[-1:]] == [("aysha", "left", "silent")]
        assert talk.members("skii") == {"sana"}

    def test_who_left_silently_comes_back_outside(self, talk: Conversation) -> None:
        aysha, _ = talk.group_of("aysha", "sana")
        aysha.sends(Leaving())

        assert talk.registers("aysha").welcome.group is None
