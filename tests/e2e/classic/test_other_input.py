"""CLASSIC: anything else, an empty line, `help`."""

from .words import CLIENTS, Gather, enter, exchange

COMMANDS = [
    "list_clients",
    "send NAME TEXT",
    "create_group NAME",
    "list_groups",
    "join_group NAME",
    "send_group TEXT",
    "list_members",
    "receipts",
    "leave_group",
    "trust NAME",
    "dereg NAME",
    "help",
]


def test_what_is_no_command_and_what_is_empty(gather: Gather) -> None:
    (aysha,) = gather("aysha")
    for typed in ("hello", "Send sana hi", "list_clients now", "sendsana hi", "/help"):
        exchange(aysha, typed, ">>> Please input a valid request")
    before = len(aysha.lines)
    for blank in ("", "   ", "\t"):
        aysha.type(blank)
    aysha.type("list_clients")
    aysha.expect(CLIENTS, ">>> aysha  online")
    heard = [line for line in aysha.lines[before:] if line not in (">>>", ">>> list_clients")]
    assert heard == [CLIENTS, ">>> aysha  online"], "an empty line is ignored"
    enter(aysha)
    exchange(aysha, "hello", ">>> Please input a valid request")


def test_help_lists_the_commands(gather: Gather) -> None:
    (aysha,) = gather("aysha")
    exchange(aysha, "help", ">>> [Commands:]", *(f">>> {command}" for command in COMMANDS))
    enter(aysha)
    exchange(aysha, "help", ">>> [Commands:]", *(f">>> {command}" for command in COMMANDS))
