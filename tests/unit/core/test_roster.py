"""Protocol 6.2: the table of clients: coalesced, in pages, with a version; a reconnect gets the difference."""

from chatapp.core.effects import Tell
from chatapp.model.limits import PAGE_ROWS_MAX
from chatapp.model.messages import Roster, RosterRow

from .dialogue import Conversation
from .person import Person


def names(push: Roster) -> set[str]:
    return {row.name for row in push.rows}


def known(person: Person) -> tuple[str, int]:
    """The (boot, version) that a client keeps: of its last whole page."""
    last = [push for push in person.all(Roster) if not push.more][-1]
    return last.boot, last.version


class TestAtRegistration:
    def test_all_of_it_for_who_has_none(self, talk: Conversation) -> None:
        talk.registers("aysha", addresses=("192.0.2.1:2000",))
        sana = talk.registers("sana")

        (push,) = sana.all(Roster)
        assert (push.full, push.more) == (True, False)
        aysha_row, sana_row = push.rows
        assert aysha_row == RosterRow("aysha", aysha_row.key, "online", None, "device", ("192.0.2.1:2000",))
        assert (sana_row.name, sana_row.status) == ("sana", "online")

    def test_the_difference_for_who_comes_back(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        talk.registers("haider")
        talk.passes(1.0)
        had = known(sana)
        sana.drops()
        aysha.creates("skii")
        aysha.joins("skii")
        back = talk.registers("sana", roster=had)

        (push,) = back.all(Roster)
        assert not push.full
        assert names(push) == {"aysha", "sana"}
        assert back.roster["aysha"].group == "skii"

    def test_all_of_it_after_a_restart(self, talk: Conversation) -> None:
        sana = talk.registers("sana")
        talk.registers("aysha")
        talk.passes(1.0)
        had = known(sana)
        talk.restarts()
        back = talk.registers("sana", roster=had)

        (push,) = back.all(Roster)
        assert push.full
        assert names(push) == {"aysha", "sana"}

    def test_in_pages(self, talk: Conversation) -> None:
        with talk.busy_disk():
            for n in range(PAGE_ROWS_MAX * 2):
                talk.registers(f"n{n}")
        last = talk.registers("last")

        pages = last.all(Roster)
        assert [(push.full, push.more, len(push.rows)) for push in pages] == [
            (True, True, PAGE_ROWS_MAX),
            (False, True, PAGE_ROWS_MAX),
            (False, False, 1),
        ]
        assert len(last.roster) == PAGE_ROWS_MAX * 2 + 1


class TestChanges:
    def test_are_gathered_and_told_to_everybody(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        talk.passes(1.0)
        aysha.forgets()
        talk.screen.clear()
        for name in ("sana", "haider", "sarah"):
            talk.registers(name)
        talk.ticks()

        (push,) = aysha.all(Roster)
        assert (push.full, names(push)) == (False, {"sana", "haider", "sarah"})
        assert talk.screen[-1] == Tell("broadcast")

    def test_that_follow_wait_for_the_interval(self, talk: Conversation) -> None:
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        aysha.creates("skii")
        talk.passes(1.0)
        sana.forgets()
        talk.begins()
        for _ in range(4):
            aysha.joins("skii")
            talk.ticks()
            aysha.leaves("skii")
            talk.passes(0.125)

        gaps = [later - earlier for earlier, later in zip(sana.times(Roster), sana.times(Roster)[1:], strict=False)]
        assert gaps
        assert min(gaps) >= 0.25

    def test_nothing_is_told_when_nothing_changed(self, talk: Conversation) -> None:
        aysha = talk.registers("aysha")
        talk.passes(1.0)
        aysha.forgets()
        aysha.creates("skii")
        talk.passes(5.0)

        assert not aysha.all(Roster)

    def test_every_change_reaches_who_was_there_and_who_came_back(self, talk: Conversation) -> None:
        """Whatever changed, the difference and the whole say the same."""
        aysha, sana = talk.group_of("aysha", "sana")
        watcher = talk.registers("watcher")
        sana.leaves("skii")
        haider = talk.registers("haider", addresses=("192.0.2.7:2000",))
        haider.joins("skii")
        aysha.drops()
        talk.passes(5.0)
        talk.registers("haider", addresses=("192.0.2.8:2000",))
        talk.passes(1.0)

        fresh = talk.registers("fresh")
        assert fresh.roster["haider"].addresses == ("192.0.2.8:2000",)
        assert fresh.roster["aysha"].status == "offline"
        talk.passes(1.0)
        assert watcher.roster == fresh.roster

    def test_the_deregistered_stay_in_it(self, talk: Conversation) -> None:
        """Deregistered means offline: still in the roster."""
        aysha, sana = talk.registers("aysha"), talk.registers("sana")
        sana.drops()
        talk.passes(5.0)

        assert (aysha.roster["sana"].status, aysha.roster["sana"].group) == ("offline", None)
