"""CLASSIC: `create_group`, `list_groups`."""

from .words import ENTERED, GROUPS, LEFT, Gather, exchange


def test_a_group_is_created_once_and_listed(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    exchange(aysha, "list_groups", GROUPS)
    exchange(aysha, "create_group skii", ">>> [Group skii created by Server.]")
    exchange(aysha, "create_group skii", ">>> [Group skii already exists.]")
    exchange(sana, "create_group skii", ">>> [Group skii already exists.]")
    exchange(sana, "create_group alps", ">>> [Group alps created by Server.]")
    exchange(aysha, "list_groups", GROUPS, ">>> alps", ">>> skii")


def test_a_group_is_called_what_a_name_can_be_in_lower_case(gather_in_pipes: Gather) -> None:
    (aysha,) = gather_in_pipes("aysha")
    exchange(aysha, "create_group Skii", ">>> [Group skii created by Server.]")
    exchange(aysha, "create_group SKII", ">>> [Group skii already exists.]")
    refusal = ">>> Invalid group name: a name has letters, digits, '-', '_' and '.' only"
    exchange(aysha, "create_group two words", refusal)
    exchange(aysha, "join_group SKII", ENTERED)


def test_refusals(gather: Gather) -> None:
    (aysha,) = gather("aysha")
    exchange(aysha, "create_group", ">>> Invalid input: need to include group name to be created")
    exchange(aysha, "create_group skii", ">>> [Group skii created by Server.]")
    exchange(aysha, "join_group skii", ENTERED)
    exchange(aysha, "create_group alps", ">>> Cannot create a new group while you are in a group")
    exchange(aysha, "create_group", ">>> Cannot create a new group while you are in a group")
    exchange(aysha, "list_groups", ">>> Cannot list groups while you are in a group")
    exchange(aysha, "leave_group", LEFT)
    exchange(aysha, "list_groups", GROUPS, ">>> skii")
