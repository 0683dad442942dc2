"""CLASSIC: `list_members`."""

from .words import ENTERED, LEFT, MEMBERS, OUTSIDE, Gather, announced, enter, exchange


def test_members_see_who_is_in_and_others_do_not(gather: Gather) -> None:
    aysha, sana, haider, _outside = gather("aysha", "sana", "haider", "sarah")
    names = [f">>> (skii) {name}" for name in ("aysha", "haider", "sana")]
    enter(sana, haider)
    exchange(aysha, "list_members", OUTSIDE)
    exchange(aysha, "join_group skii", ENTERED)
    exchange(aysha, "list_members", MEMBERS, *names)
    haider.expect(announced("aysha", "joined."))
    exchange(haider, "leave_group", LEFT)
    aysha.expect(announced("haider", "left."))
    sana.expect(announced("haider", "left."))
    exchange(aysha, "list_members", MEMBERS, names[0], names[2])
    exchange(sana, "list_members", MEMBERS, names[0], names[2])
    exchange(aysha, "leave_group", LEFT)
    exchange(aysha, "list_members", OUTSIDE)
