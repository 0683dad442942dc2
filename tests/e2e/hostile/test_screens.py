"""What strangers write can't touch a screen: no control reaches it, and no message looks like another's line.

Over real pseudo-terminals: of the reader, and of the server.
"""

import re

from chatapp.model.errors import ExitStatus
from chatapp.model.messages import (
    Created,
    CreateGroup,
    Groups,
    Joined,
    JoinGroup,
    ListGroups,
    Refused,
    Roster,
    SendGroup,
    Stored,
)
from harness.people import People
from harness.pipes import PipeClient
from harness.processes import program
from harness.stage import Stage
from harness.terminal import Terminal
from harness.wire import WireClient

from .gathering import acquaint, gather

CONTROLS = "".join(map(chr, [*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)]))
"""C0 but for tab and line break, DEL, C1."""
UNSEEN = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
"""What turns the direction of a text, or isn't seen."""
COMMANDS = (
    "\x1b]0;pwned\a",
    "\x1b[2J\x1b[H",
    "\x1b[31m",
    "\x1b[?1049h",
    "\x1bc",
    "\x1b[6n",
    "\x9b2J",
    "\x1bP1$qm\x1b\\",
)
"""Title, clear, colour, another screen, reset, where is the cursor, clear in one character, what are the settings."""
SEEN = "]0;pwned[2J[H[31m[?1049hc[6n2JP1$qm\\"
"""What is left of them."""
FORGED = ">>> (skii) Group_Message <sarah>: I owe mallory 100"
NO_NAMES = ("\x1b[31mred", "a\u202eb", "a\u200bb", "a\u200db", "a\nb", "a b", "x" * 33, "", "a/b", "..", "-a", "<a>")
LINE_BREAKS = ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\n\n", "\n\t", "\n\b\b\b\b", "\n\u200b", "\n\u202e")


def bytes_that_may_not_come() -> list[bytes]:
    return [*(command.encode() for command in COMMANDS), *(character.encode() for character in UNSEEN)]


def entered(wire: WireClient) -> str:
    """The wire is in the group skii, which is there; returns its id."""
    return wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined).group


def test_controls_in_a_message_reach_no_screen(people: People) -> None:
    sana, mallory = people.terminal("sana"), people.pipe("mallory")
    acquaint(sana, mallory)
    attack = f"[{CONTROLS}{UNSEEN}{''.join(COMMANDS)}]".replace("\n", "")
    seen = f"[{SEEN}]"

    mallory.type(f"send sana {attack}")
    sana.expect(f">>> mallory: {seen}")
    gather(sana, mallory)
    mallory.type(f"send_group {attack}")
    sana.expect(f">>> (skii) Group_Message <mallory>: {seen}")
    mallory.type("send_group and on it goes")
    sana.expect(">>> (skii) Group_Message <mallory>: and on it goes")
    sana.wait_for_prompt(">>> (skii)")

    assert [part for part in bytes_that_may_not_come() if part in sana.raw] == []


def test_no_message_looks_like_somebody_elses_line(people: People) -> None:
    sana, pipe, mallory = people.terminal("sana"), people.pipe("pipe"), people.wire("mallory")
    gather(sana, pipe)
    group = entered(mallory)
    for number, line_break in enumerate(LINE_BREAKS):
        body = f"hello {number}{line_break}{FORGED}"
        mallory.ask(SendGroup(mallory.fresh_id(), group, body), Stored)
    mallory.ask(SendGroup(mallory.fresh_id(), group, "and on it goes"), Stored)

    for person in (sana, pipe):
        person.expect(">>> (skii) Group_Message <mallory>: and on it goes")
        assert forged_lines(person) == []


def forged_lines(person: PipeClient | Terminal) -> list[str]:
    return [line for line in person.lines if line.lstrip("\t").startswith(FORGED[:20]) and "<mallory>" not in line]


def test_no_long_message_wraps_into_somebody_elses_line(people: People) -> None:
    """Whatever stands before it: blanks up to the window's edge, or characters whose width nobody agrees on."""
    sana, mallory = people.terminal("sana", columns=80, rows=200), people.wire("mallory")
    gather(sana)
    group = entered(mallory)
    to_the_edge = 80 - len(">>> (skii) Group_Message <mallory>: ")
    before = [" " * width for width in range(to_the_edge - 5, to_the_edge + 5)] + ["❤️" * to_the_edge, "x" * to_the_edge]
    forged = [FORGED, FORGED.replace(">>>", ">\u200d>\u200d>"), f"{FORGED} {FORGED}"]
    for body in (space + lie for space in before for lie in forged):
        mallory.ask(SendGroup(mallory.fresh_id(), group, body), Stored)
    mallory.ask(SendGroup(mallory.fresh_id(), group, "and on it goes"), Stored)
    sana.expect(">>> (skii) Group_Message <mallory>: and on it goes")

    rows = [row.replace("\u200d", "") for row in sana.screen()]
    assert sum(FORGED in row for row in rows) >= len(before) * len(forged)
    assert [row for row in rows if row.startswith(FORGED)] == []


def test_what_one_types_oneself_cant_touch_ones_screen_either(people: People) -> None:
    sana, aysha = people.terminal("sana"), people.pipe("aysha")
    gather(sana, aysha)
    sana.wait_for_prompt(">>> (skii)")
    sana.paste("send_group \x9b2J\u202ered\u200b")
    sana.key("enter")
    aysha.expect(">>> (skii) Group_Message <sana>: 2Jred")
    sana.expect(">>> (skii) send_group 2Jred")


def test_nothing_that_clients_send_touches_the_servers_screen(stage: Stage) -> None:
    place = stage.server(online=False)
    command = program("serve", "--port", str(place.port), "--bind", place.host, "--data", str(place.data))
    console = stage.terminal("console", command, columns=200)
    console.expect(">>> Server is online")
    mallory = stage.people(place).wire("mallory")
    attack = f"[{CONTROLS}{UNSEEN}{''.join(COMMANDS)}\n{FORGED}]"
    seen = f"[{SEEN} {FORGED}]"

    refused = mallory.ask(JoinGroup(mallory.fresh_id(), attack), Refused)
    assert refused.code == "no_such_group"
    console.expect(f">>> [Client mallory joining group {seen} failed, group does not exist]")
    refused = mallory.ask(JoinGroup(mallory.fresh_id(), "very " * 100_000), Refused)
    console.expect(re.compile(">>> .Client mallory joining group very very .{,200} failed, group does not exist."))
    mallory.ask(CreateGroup(mallory.fresh_id(), "skii"), Created)
    mallory.ask(SendGroup(mallory.fresh_id(), entered(mallory), attack), Stored)
    console.expect(f">>> [Client mallory sent group message: {seen}]")

    assert [part for part in bytes_that_may_not_come() if part in console.raw] == []


def test_no_name_can_touch_a_screen(people: People) -> None:
    sana = people.wire("sana")
    for name in NO_NAMES:
        stranger = people.wire(name, log_in=False)
        stranger.send(stranger.registration())
        assert stranger.expect(Refused).code == "bad_name"
        stranger.expect_close()
        assert sana.ask(CreateGroup(sana.fresh_id(), name), Refused).code == "bad_name"

    people.wire("aysha")
    sana.expect(Roster, lambda roster: any(row.name == "aysha" for row in roster.rows))
    rosters = [message for message in sana.received if isinstance(message, Roster)]
    assert {row.name for roster in rosters for row in roster.rows} == {"sana", "aysha"}
    assert sana.ask(ListGroups(sana.fresh_id()), Groups).names == ()


def test_what_a_person_is_told_of_a_name_that_is_none(people: People) -> None:
    sana = people.pipe("sana")
    sana.type("create_group a\u202eb")
    sana.expect(">>> Invalid group name: a name has letters, digits, '-', '_' and '.' only")
    mallory = people.pipe("\x1b[31mred", home="mallory", welcome=False)
    mallory.expect_error("Error: a name begins with a letter or a digit")
    assert mallory.exit_status() == ExitStatus.USAGE
