"""Focus: while you are in a group you are in that group. Which action may be done where. Pure."""

from typing import Literal

from chatapp.client.state import State

Action = Literal[
    "send_private", "create_group", "list_groups", "join_group", "send_group", "list_members", "leave_group", "receipts"
]

_OUTSIDE: frozenset[Action] = frozenset({"send_private", "create_group", "list_groups", "join_group"})


def obstacle(state: State, action: Action) -> Literal["in_group", "not_in_group"] | None:
    """What stands in the way of the action, if anything."""
    inside = state.group is not None
    if action in _OUTSIDE:
        return "in_group" if inside else None
    return None if inside else "not_in_group"
