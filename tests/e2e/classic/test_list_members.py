"""CLASSIC: `list_members`."""

from .words import LEFT, MEMBERS, OUTSIDE, Gather, announced, enter, exchange


def test_a_member_sees_who_is_in(gather: Gather) -> None:
    aysha, sana, haider, _outside = gather("aysha", "sana", "haider", "sarah")
    enter(aysha, sana, haider)
    names = [f">>> (skii) {name}" for name in ("aysha", "haider", "sana")]
    exchange(aysha, "list_members", MEMBERS, *names)
    exchange(haider, "leave_group", LEFT)
    aysha.expect(announced("haider", "left."))
    exchange(aysha, "list_members", MEMBERS, names[0], names[2])
    exchange(sana, "list_members", MEMBERS, names[0], names[2])


def test_outside_nobody_does(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    enter(sana)
    exchange(aysha, "list_members", OUTSIDE)
    exchange(aysha, "join_group skii", ">>> [Entered group skii successfully.]")
    exchange(aysha, "list_members", MEMBERS, ">>> (skii) aysha", ">>> (skii) sana")
    exchange(aysha, "leave_group", LEFT)
    exchange(aysha, "list_members", OUTSIDE)
