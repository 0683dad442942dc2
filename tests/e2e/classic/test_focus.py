"""CLASSIC: a private message that comes while one is in a group. Issue 2, seen 6."""

import re

from harness.archives import Private, archive_of, private_received
from harness.pipes import PipeClient
from harness.terminal import Terminal

from .words import ENTERED, LEFT, STORED, WELCOME, Gather, Person, enter, exchange, received_by, said, waiting


def assert_notices(person: Person, *counts: tuple[int, str]) -> None:
    """At a terminal one line has grown, right above what is typed; in pipes each growth is a line."""
    lines = [waiting(*count) for count in counts]
    if isinstance(person, PipeClient):
        person.expect(lines[-1])
        assert [line for line in person.lines if " waiting, from " in line] == lines
    else:
        person.wait_for(lines[-1])
        assert [line for line in person.screen() if " waiting, from " in line] == lines[-1:]
        assert person.screen()[-2] == lines[-1]


def test_it_is_held_announced_counted_and_shown_on_leaving(gather: Gather) -> None:
    aysha, sana, sarah, haider = gather("aysha", "sana", "sarah", "haider")
    enter(aysha, sana)
    exchange(sarah, "send aysha psst private", received_by("aysha"))
    assert_notices(aysha, (1, "sarah"))
    exchange(haider, "send aysha psst too", received_by("aysha"))
    assert_notices(aysha, (1, "sarah"), (2, "sarah and haider"))
    exchange(sana, "send_group the snow is good", STORED)
    aysha.expect(said("sana", "the snow is good"))
    exchange(sarah, "send aysha and another", received_by("aysha"))
    assert_notices(aysha, (1, "sarah"), (2, "sarah and haider"), (3, "sarah and haider"))
    held = [Private("sarah", "psst private", "held"), Private("haider", "psst too", "held")]
    assert private_received(archive_of(aysha.home, "aysha")) == [*held, Private("sarah", "and another", "held")]
    assert not [line for line in aysha.lines if "psst" in line or "and another" in line]

    aysha.type("leave_group")
    messages = [">>> sarah: psst private", ">>> haider: psst too", ">>> sarah: and another"]
    aysha.expect(LEFT, *messages)
    assert aysha.lines[-4:] == [LEFT, *messages]
    exchange(sarah, "send aysha shown at once", received_by("aysha"))
    aysha.expect(">>> sarah: shown at once")
    if isinstance(aysha, Terminal):
        assert not [line for line in aysha.screen() if " waiting, from " in line]
    assert not [line for line in sana.lines if "psst" in line], "nobody else in the group sees any of it"


def test_it_survives_that_the_client_is_killed(gather: Gather) -> None:
    aysha, sana, sarah, haider = gather("aysha", "sana", "sarah", "haider")
    enter(aysha)
    exchange(sarah, "send aysha one", received_by("aysha"))
    exchange(haider, "send aysha two", received_by("aysha"))
    aysha.kill9()

    before = len(aysha.lines)
    aysha.start()
    aysha.expect(WELCOME, ENTERED)
    if isinstance(aysha, Terminal):
        aysha.wait_for(waiting(2, "sarah and haider"))
    else:
        aysha.expect(waiting(2, "sarah and haider"))
    exchange(sana, "send aysha three", received_by("aysha"))
    if isinstance(aysha, Terminal):
        aysha.wait_for(waiting(3, "sarah, haider and sana"))
    else:
        aysha.expect(waiting(3, "sarah, haider and sana"))
    aysha.type("leave_group")
    messages = [">>> sarah: one", ">>> haider: two", ">>> sana: three"]
    aysha.expect(LEFT, *messages)
    assert [line for line in aysha.lines[before:] if re.fullmatch(">>> (sana|sarah|haider): .*", line)] == messages

    assert aysha.stop() == 0
    before = len(aysha.lines)
    aysha.start()
    aysha.expect(WELCOME)
    exchange(sana, "send aysha a marker", received_by("aysha"))
    aysha.expect(">>> sana: a marker")
    assert not [line for line in aysha.lines[before:] if "sarah:" in line or "haider:" in line], "shown once"
