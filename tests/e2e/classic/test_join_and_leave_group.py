"""CLASSIC: `join_group`, `leave_group`, and the lines of members who come and go."""

from harness.people import People

from .words import ENTERED, LEFT, STORED, Gather, announced, enter, exchange, said


def test_members_come_and_go(gather: Gather) -> None:
    aysha, sana, haider = gather("aysha", "sana", "haider")
    enter(aysha, sana, haider)
    exchange(sana, "leave_group", LEFT)
    for person in (aysha, haider):
        person.expect(announced("sana", "left."))
    exchange(aysha, "leave_group", LEFT)
    haider.expect(announced("aysha", "left."))
    exchange(aysha, "join_group skii", ENTERED)
    haider.expect(announced("aysha", "joined."))


def test_who_joins_again_is_shown_what_was_missed(gather: Gather) -> None:
    aysha, sana, sarah = gather("aysha", "sana", "sarah")
    enter(sana)
    exchange(sana, "send_group before your time", STORED)
    exchange(aysha, "join_group skii", ENTERED)
    sana.expect(announced("aysha", "joined."))
    exchange(sana, "send_group welcome", STORED)
    aysha.expect(said("sana", "welcome"))
    exchange(aysha, "leave_group", LEFT)
    sana.expect(announced("aysha", "left."))
    exchange(sana, "send_group one", STORED)
    exchange(sarah, "join_group skii", ENTERED)
    sana.expect(announced("sarah", "joined."))
    exchange(sana, "send_group two", STORED)
    before = len(aysha.lines)
    missed = [said("sana", "one"), announced("sarah", "joined."), said("sana", "two")]
    exchange(aysha, "join_group skii", ENTERED, *missed)
    sana.expect(announced("aysha", "joined."))
    exchange(sana, "send_group three", STORED)
    aysha.expect(said("sana", "three"))
    assert aysha.lines[before:][-5:] == [ENTERED, *missed, said("sana", "three")]
    assert said("sana", "before your time") not in aysha.lines


def test_refusals(gather: Gather) -> None:
    (aysha,) = gather("aysha")
    exchange(aysha, "leave_group", ">>> You are not in a group chat so you cannot leave one")
    exchange(aysha, "join_group skii", ">>> [Group skii does not exist.]")
    exchange(aysha, "join_group", ">>> Invalid input: need to include group name to join")
    enter(aysha)
    exchange(aysha, "join_group skii", ">>> Cannot join another group while you are in a group")
    exchange(aysha, "join_group alps", ">>> Cannot join another group while you are in a group")
    exchange(aysha, "leave_group", LEFT)
    exchange(aysha, "leave_group", ">>> You are not in a group chat so you cannot leave one")


def test_after_a_typed_leave_the_next_start_is_outside(people: People, gather_in_pipes: Gather) -> None:
    aysha, sana = gather_in_pipes("aysha", "sana")
    enter(sana, aysha)
    exchange(aysha, "leave_group", LEFT)
    sana.expect(announced("aysha", "left."))
    aysha.kill9()
    aysha = people.pipe("aysha")
    exchange(aysha, "leave_group", ">>> You are not in a group chat so you cannot leave one")
    exchange(sana, "send_group nobody joined", STORED)
    assert sana.lines.count(announced("aysha", "joined.")) == 1
