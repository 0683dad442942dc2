"""CLASSIC: `dereg`."""

import re

from harness.people import People

from .words import BYE, CLIENTS, MEMBERS, OUTSIDE, TABLE_UPDATED, Gather, announced, enter, exchange


def test_who_deregisters_is_offline_and_the_program_ends(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    aysha.type("dereg aysha")
    aysha.expect(BYE)
    assert aysha.exit_status() == 0
    assert aysha.lines[-1] == BYE
    sana.expect(TABLE_UPDATED)
    exchange(sana, "list_clients", CLIENTS, ">>> aysha  offline", ">>> sana  online")


def test_in_a_group_the_others_see_one_leave(people: People, gather: Gather) -> None:
    aysha, sana, _haider = gather("aysha", "sana", "haider")
    enter(aysha, sana)
    aysha.type("dereg Aysha")
    aysha.expect(BYE)
    assert aysha.exit_status() == 0
    sana.expect(announced("aysha", "left."), TABLE_UPDATED)
    exchange(sana, "list_members", MEMBERS, ">>> (skii) sana")
    exchange(people.pipe("aysha"), "list_members", OUTSIDE)


def test_refusals(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    exchange(aysha, "dereg", ">>> Invalid input: need to include username to dereg")
    exchange(aysha, "dereg nobody", ">>> Incorrect username provided")
    exchange(aysha, "dereg sana", ">>> You can only deregister yourself")
    enter(aysha)
    exchange(aysha, "dereg", ">>> Invalid input: need to include username to dereg")
    exchange(aysha, "dereg nobody", ">>> Incorrect username provided")
    exchange(aysha, "dereg sana", ">>> You can only deregister yourself")
    sana.type("list_clients")
    sana.expect(CLIENTS, re.compile(">>> aysha  online.*"))  # where she is may not be told yet
