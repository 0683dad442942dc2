"""CLASSIC: Ctrl-C, Ctrl-D, SIGHUP, SIGTERM, the end of input; and a client that is killed instead."""

import os
import re
import signal
import sys

import pytest

from harness.people import People, client_command
from harness.pipes import PipeClient
from harness.ports import fresh_port
from harness.server import Server
from harness.stage import Stage
from harness.terminal import Terminal

from .words import (
    DEREGISTERED,
    ENTERED,
    MEMBERS,
    OUTSIDE,
    REMOVED,
    STORED,
    TABLE_UPDATED,
    WELCOME,
    Gather,
    Person,
    announced,
    enter,
    exchange,
    received_by,
    said,
)

WATCHED = """
import subprocess, sys, termios
before = termios.tcgetattr(0)
process = subprocess.Popen(sys.argv[1:])
print("pid", process.pid, flush=True)
status = process.wait()
print("status", status, "restored" if termios.tcgetattr(0) == before else "not restored", flush=True)
"""
"""Runs a client in the same terminal, and says how that was left behind."""

WINDOW = "import pty, sys; pty.spawn(sys.argv[1:])"
"""A terminal's window: killed, it takes the terminal away from the client in it."""


def assert_nobody_noticed(person: Person, gone: str) -> None:
    """In the group, but for the table, nothing was said of somebody who isn't in it any more."""
    exchange(person, "list_members", MEMBERS, f">>> (skii) {person.name}")
    assert announced(gone, "left.") not in person.lines
    assert announced(gone, "did not respond and was removed.") not in person.lines


def leave(person: Person, how: str) -> None:
    """Ends it in that way."""
    if how == "end of input":
        assert isinstance(person, PipeClient)
        person.end_of_input()
    elif how.startswith("ctrl"):
        assert isinstance(person, Terminal)
        person.type_keys("half a thought") if how == "ctrl-c" else None
        person.key(how)
    else:
        person.signal(signal.Signals[how])


@pytest.mark.parametrize(
    ("at", "ways"),
    [
        ("terminal", ["ctrl-c", "ctrl-d", "SIGHUP", "SIGTERM"]),
        ("pipes", ["SIGINT", "SIGHUP", "SIGTERM", "end of input"]),
    ],
)
def test_nothing_is_announced_and_the_next_start_is_outside(
    people: People, server: Server, at: str, ways: list[str]
) -> None:
    sana = people.pipe("sana")
    aysha = people.terminal("aysha") if at == "terminal" else people.pipe("aysha")
    enter(sana)
    for how in ways:
        exchange(aysha, "join_group skii", ENTERED)  # which is refused to who is in one
        sana.expect(announced("aysha", "joined."))
        leave(aysha, how)
        assert aysha.exit_status() == 0, how
        server.expect(DEREGISTERED)
        assert_nobody_noticed(sana, "aysha")
        aysha.start()
        aysha.expect(WELCOME)
    exchange(aysha, "list_members", OUTSIDE)
    assert aysha.lines.count(ENTERED) == len(ways), "it never rejoined by itself"


def test_the_terminal_is_restored(stage: Stage, server: Server) -> None:
    command = client_command("aysha", server, "-c", fresh_port(), [])
    watched = [sys.executable, "-c", WATCHED, *command]
    for how in ("ctrl-c", "ctrl-d", "SIGHUP", "SIGTERM"):
        shell = stage.terminal(f"shell with {how}", watched, data=str(server.home / "aysha"))
        pid = int(shell.expect(re.compile(r"pid [0-9]+")).split()[1])
        shell.expect(TABLE_UPDATED)
        shell.type_keys("half a thought")
        shell.wait_for_prompt(">>> half a thought")
        if how == "ctrl-d":
            shell.key("ctrl-u")
            shell.wait_for_prompt()
        if how.startswith("ctrl"):
            shell.key(how)
        else:
            os.kill(pid, signal.Signals[how])
        assert shell.exit_status() == 0
        assert shell.lines[-2:] == [TABLE_UPDATED, "status 0 restored"]


def test_the_window_is_closed(stage: Stage, server: Server, people: People) -> None:
    """Then there is no terminal any more to write to."""
    sana = people.pipe("sana")
    command = client_command("aysha", server, "-c", fresh_port(), [])
    home = str(server.home / "aysha")
    window = stage.process("window", [sys.executable, "-c", WINDOW, *command], data=home)
    window.expect(re.compile(r".*" + re.escape(WELCOME) + r"\r"))
    sana.expect(TABLE_UPDATED, TABLE_UPDATED)
    enter(sana)
    window.type("join_group skii\r")
    sana.expect(announced("aysha", "joined."))
    window.kill9()
    sana.expect(TABLE_UPDATED)
    assert_nobody_noticed(sana, "aysha")


def test_held_messages_are_shown_at_the_next_start(gather: Gather) -> None:
    aysha, sana, sarah = gather("aysha", "sana", "sarah")
    enter(aysha, sana)
    exchange(sarah, "send aysha one", received_by("aysha"))
    exchange(sarah, "send aysha two", received_by("aysha"))
    if isinstance(aysha, Terminal):
        aysha.key("ctrl-c")
        assert aysha.exit_status() == 0
    else:
        assert aysha.stop() == 0
    before = len(aysha.lines)
    aysha.start()
    aysha.expect(WELCOME, ">>> sarah: one", ">>> sarah: two")
    exchange(sarah, "send aysha three", received_by("aysha"))
    aysha.expect(">>> sarah: three")
    heard = [line for line in aysha.lines[before:] if line not in (TABLE_UPDATED, ">>>")]
    assert heard == [WELCOME, ">>> sarah: one", ">>> sarah: two", ">>> sarah: three"]


def test_killed_it_rejoins(gather: Gather) -> None:
    aysha, sana = gather("aysha", "sana")
    enter(sana, aysha)
    aysha.kill9()
    exchange(sana, "send_group one", STORED)
    before = len(aysha.lines)
    aysha.start()
    aysha.expect(WELCOME, ENTERED, said("sana", "one"))
    exchange(sana, "send_group two", STORED)
    aysha.expect(said("sana", "two"))
    exchange(aysha, "send_group three", STORED)
    sana.expect(said("aysha", "three"))
    assert sana.lines.count(announced("aysha", "joined.")) == 1, "it was never away"
    heard = [line for line in aysha.lines[before:] if line.startswith(">>> (skii) Group") or "Entered" in line]
    assert heard == [ENTERED, said("sana", "one"), said("sana", "two")]


def test_killed_and_removed_it_rejoins_all_the_same(gather_in_pipes: Gather) -> None:
    aysha, sana = gather_in_pipes("aysha", "sana")
    enter(sana, aysha)
    aysha.kill9()
    exchange(sana, "send_group one", STORED)
    sana.expect(announced("aysha", "did not respond and was removed."))
    exchange(sana, "list_members", MEMBERS, ">>> (skii) sana")
    exchange(sana, "send_group two", STORED)
    aysha.start()
    aysha.expect(WELCOME, REMOVED, ENTERED, said("sana", "two"))
    sana.expect(announced("aysha", "joined."))
    assert aysha.lines.count(said("sana", "one")) == 1
