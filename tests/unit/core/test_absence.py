"""Protocol 5.6, (e) and (f): connections that are gone, or seem so since the server stood still or was restarted."""

import pytest

from chatapp.core.effects import Tell
from chatapp.model.messages import Removed

from .dialogue import TICK_S, Conversation
from .person import Person

PROBED_AT = [0.625, 1.125, 1.625, 2.125, 2.625]
REMOVED_AT = 3.125


class TestClosedConnection:
    """A closed connection has the same time as a silent one."""

    def test_it_is_removed_after_the_time_of_a_silent_one(
        self, talk: Conversation, pair: tuple[Person, Person]
    ) -> None:
        aysha, sana = pair
        sana.drops()
        talk.passes(3.0 - TICK_S)
        assert talk.has("skii", sana)
        talk.passes(TICK_S)

        assert [(entry.by, entry.kind, entry.body) for entry in aysha.entries[-1:]] == [
            ("sana", "left", "unresponsive")
        ]
        talk.passes(0.5)
        assert aysha.roster["sana"].status == "offline"

    def test_who_is_back_in_time_was_never_gone(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        """Protocol 4.2: `welcome` says which group the server thinks it is in."""
        aysha, sana = pair
        sana.drops()
        aysha.says("hi")
        talk.passes(2.5)
        back = talk.registers("sana")
        back.joins("skii", sana.holds("skii", 3))
        talk.passes(10.0)

        assert back.welcome.group == talk.group("skii")
        assert back.texts == ["hi"]
        assert [kind for _, kind, _, _ in talk.log("skii")] == ["created", "joined", "joined", "text"]

    def test_outside_a_group_it_is_offline_and_no_entry(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        sana.drops()
        talk.passes(5.0)

        assert aysha.roster["sana"].status == "offline"

    def test_it_is_removed_once_however_slow_the_disk(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        _, sana = pair
        sana.drops()
        with talk.busy_disk():
            talk.passes(5.0)

        assert talk.screen.count(Tell("deregistered", "sana")) == 1

    def test_who_drops_again_and_again_is_removed_only_when_it_stays_away(
        self, talk: Conversation, pair: tuple[Person, Person]
    ) -> None:
        _, sana = pair
        for _ in range(5):
            sana.drops()
            talk.passes(2.5)
            sana = talk.registers("sana")
        assert talk.has("skii", sana)

        sana.drops()
        talk.passes(3.0)
        assert not talk.has("skii", sana)

    def test_one_who_comes_back_while_its_removal_is_under_way_is_told(
        self, talk: Conversation, pair: tuple[Person, Person]
    ) -> None:
        """Protocol 5.3: it rejoins by itself, which it can't if it believes that it is in."""
        _, sana = pair
        sana.drops()
        talk.passes(3.0 - TICK_S)
        with talk.busy_disk():
            back = talk.registers("sana")
            talk.passes(TICK_S)

        assert not talk.has("skii", sana)
        assert back.all(Removed) == [Removed(talk.group("skii"), "unresponsive")]
        assert back.inside is None


class TestStall:
    """A stall of our own loop, or of our store, restarts every clock."""

    @pytest.mark.parametrize("probes", range(6))
    def test_nobody_is_removed_for_our_own_silence(
        self, talk: Conversation, pair: tuple[Person, Person], probes: int
    ) -> None:
        aysha, sana = pair
        aysha.says("hi")
        talk.passes([*PROBED_AT, REMOVED_AT][probes] - TICK_S)
        talk.suspends(10.0)
        talk.passes(2.5)
        assert talk.has("skii", sana)

        sana.attentive = True
        sana.acks(4)
        talk.passes(10.0)
        assert talk.has("skii", sana)

    def test_who_is_gone_is_removed_all_the_same(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        aysha, sana = pair
        aysha.says("hi")
        talk.suspends(10.0)
        talk.passes(10.0)

        assert not talk.has("skii", sana)

    def test_a_closed_connection_has_its_time_again(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        _, sana = pair
        sana.drops()
        talk.passes(2.5)
        talk.suspends(10.0)
        talk.passes(2.5)
        assert talk.has("skii", sana)

        back = talk.registers("sana")
        talk.passes(10.0)
        assert talk.has("skii", back)


class TestComingBack:
    """After a server start, members have 30 s to come back."""

    def test_they_are_members_and_online_until_then(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        talk.restarts()
        talk.passes(30.0 - TICK_S)
        aysha = talk.registers("aysha")

        assert {name: row.status for name, row in aysha.roster.items()} == {"aysha": "online", "sana": "online"}
        assert talk.members("skii") == {"aysha", "sana"}

    def test_who_stays_away_is_removed(self, talk: Conversation, pair: tuple[Person, Person]) -> None:
        talk.restarts()
        aysha = talk.registers("aysha")
        aysha.joins("skii")
        talk.passes(30.0)

        assert talk.log("skii")[3:] == [(4, "left", "sana", "unresponsive")]
        assert aysha.entries[-1].by == "sana"

    def test_who_was_not_a_member_is_offline_from_the_start(self, talk: Conversation) -> None:
        talk.registers("sarah")
        talk.restarts()

        assert talk.registers("aysha").roster["sarah"].status == "offline"
