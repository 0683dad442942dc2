"""CLASSIC, "In the client": the prompt, what comes while somebody types, and what keys do. Compared as screens."""

import re

import pytest

from harness.archives import archive_of, private_received, private_sent, stored_entries, texts
from harness.people import People
from harness.pipes import PipeClient
from harness.server import Server
from harness.stage import Stage
from harness.terminal import Terminal

from .words import (
    CLIENTS,
    ENTERED,
    GROUPS,
    LEFT,
    REGISTERED,
    STORED,
    TABLE_UPDATED,
    announced,
    enter,
    exchange,
    not_delivered_to,
    received_by,
    said,
    waiting,
)


@pytest.fixture
def sana(people: People) -> PipeClient:
    """Somebody to talk with, who was there first."""
    return people.pipe("sana")


def sit_down(people: People, sana: PipeClient, **how: int) -> Terminal:
    """aysha at a terminal whose screen is empty but for the prompt of somebody who knows sana, and is known to her."""
    aysha = people.terminal("aysha", **how)  # type: ignore[arg-type]
    aysha.type("send sana hello")
    aysha.expect(received_by("sana"))
    sana.expect(">>> aysha: hello")
    aysha.key("ctrl-l")
    aysha.wait_for_screen(">>>")
    return aysha


@pytest.mark.parametrize("answers_queries", [False, True])
def test_a_conversation_is_a_screen(people: People, sana: PipeClient, answers_queries: bool) -> None:
    aysha = sit_down(people, sana, answers_queries=answers_queries)
    aysha.type("create_group skii")
    aysha.type("join_group skii")
    aysha.wait_for_prompt(">>> (skii)")
    exchange(sana, "join_group skii", ENTERED)
    aysha.expect(announced("sana", "joined."))
    aysha.type("send_group hi all")
    sana.expect(said("aysha", "hi all"))
    aysha.expect(STORED)
    exchange(sana, "send_group hi aysha", STORED)
    aysha.expect(said("sana", "hi aysha"))
    aysha.type("leave_group")
    aysha.expect(LEFT)
    aysha.wait_for_screen(
        ">>> create_group skii",
        ">>> [Group skii created by Server.]",
        ">>> join_group skii",
        ">>> [Entered group skii successfully.]",
        ">>> (skii) [sana joined.]",
        ">>> (skii) send_group hi all",
        ">>> (skii) [Message received by Server.]",
        ">>> (skii) Group_Message <sana>: hi aysha",
        ">>> (skii) leave_group",
        ">>> [Leave group chat skii.]",
        ">>>",
    )
    assert b"\x1b[6n" not in aysha.raw, "the cursor query stays off"


def test_a_line_that_comes_while_somebody_types_stands_above(people: People, sana: PipeClient) -> None:
    aysha = sit_down(people, sana)
    aysha.type_keys("send sana half a tho")
    aysha.wait_for_prompt(">>> send sana half a tho")
    exchange(sana, "send aysha while you type", received_by("aysha"))
    aysha.wait_for_screen(">>> sana: while you type", ">>> send sana half a tho")
    aysha.key("home")
    exchange(sana, "send aysha and again", received_by("aysha"))
    aysha.wait_for_screen(">>> sana: while you type", ">>> sana: and again", ">>> send sana half a tho")
    aysha.key("end")
    aysha.type("ught")
    sana.expect(">>> aysha: half a thought")
    aysha.expect(received_by("sana"))
    aysha.wait_for_screen(
        ">>> sana: while you type",
        ">>> sana: and again",
        ">>> send sana half a thought",
        received_by("sana"),
        ">>>",
    )


def test_a_message_that_is_not_delivered(people: People, sana: PipeClient) -> None:
    aysha = sit_down(people, sana)
    assert sana.stop() == 0
    aysha.wait_for_screen(TABLE_UPDATED, ">>>")
    aysha.type("send sana one")
    aysha.wait_for_screen(TABLE_UPDATED, ">>> send sana one", *not_delivered_to("sana"), ">>>")


def test_no_key_gets_into_a_line_and_no_line_into_what_is_typed(people: People, sana: PipeClient) -> None:
    """Keys and lines come as fast as they can, so that many a key comes just when a line is written."""
    aysha = sit_down(people, sana)
    enter(sana, aysha)
    keys = "".join(chr(ord("a") + number % 26) for number in range(80))
    for number, key in enumerate(keys):
        sana.type(f"send_group {number}")
        aysha.type_keys(key)
    sana.type("send_group that is all")
    aysha.expect(said("sana", "that is all"))
    aysha.wait_for_prompt(f">>> (skii) {keys}")
    everything = [said("sana", str(number)) for number in range(len(keys))]
    assert aysha.lines[aysha.lines.index(ENTERED) + 1 :] == [*everything, said("sana", "that is all")]


def test_one_can_type_on_while_an_answer_is_awaited(
    stage: Stage, server: Server, people: People, sana: PipeClient
) -> None:
    proxy = stage.proxy(server)
    aysha = people.terminal("aysha", via=proxy, ack_timeout_s=30)
    aysha.expect(TABLE_UPDATED)
    aysha.key("ctrl-l")
    proxy.black_hole()
    aysha.type("list_groups")
    aysha.type_keys("list_cli")
    aysha.wait_for_screen(">>> list_groups", ">>> list_cli")
    proxy.heal()
    aysha.wait_for_screen(">>> list_groups", GROUPS, ">>> list_cli")
    aysha.type("ents")
    aysha.wait_for_screen(
        ">>> list_groups", GROUPS, ">>> list_clients", CLIENTS, ">>> aysha  online", ">>> sana  online", ">>>"
    )


def test_lines_typed_ahead_are_obeyed_in_order(people: People, sana: PipeClient) -> None:
    aysha = sit_down(people, sana)
    aysha.type_keys("create_group skii\rjoin_group skii\rsend_group hi\rleave_group\rlist_groups\r")
    aysha.wait_for_screen(
        ">>> create_group skii",
        ">>> [Group skii created by Server.]",
        ">>> join_group skii",
        ">>> [Entered group skii successfully.]",
        ">>> (skii) send_group hi",
        ">>> (skii) leave_group",
        ">>> (skii) [Message received by Server.]",
        ">>> [Leave group chat skii.]",
        ">>> list_groups",
        ">>> [Available group chats:]",
        ">>> skii",
        ">>>",
    )


class TestLineBreaks:
    """By Alt+Enter or paste; later lines are indented by four blanks, at both ends."""

    def test_alt_enter(self, server: Server, people: People, sana: PipeClient) -> None:
        aysha = sit_down(people, sana)
        enter(sana, aysha)
        aysha.key("ctrl-l")
        aysha.type_keys("send_group two")
        aysha.key("escape-enter")
        aysha.type_keys("lines")
        aysha.wait_for_screen(">>> (skii) send_group two", "    lines")
        exchange(sana, "send_group meanwhile", STORED)
        aysha.wait_for_screen(said("sana", "meanwhile"), ">>> (skii) send_group two", "    lines")
        aysha.key("enter")
        aysha.wait_for_screen(said("sana", "meanwhile"), ">>> (skii) send_group two", "    lines", STORED, ">>> (skii)")
        sana.expect(said("aysha", "two"), "    lines")
        assert texts(stored_entries(server.data, "skii")) == ["meanwhile", "two\nlines"]

    def test_a_paste_is_one_message(self, people: People, sana: PipeClient) -> None:
        aysha = sit_down(people, sana)
        aysha.type_keys("send sana ")
        aysha.paste("a list:\nsend sana one\n\n  leave_group")
        aysha.wait_for_screen(">>> send sana a list:", "    send sana one", "", "      leave_group")
        aysha.key("enter")
        sana.expect(">>> aysha: a list:", "    send sana one", "    ", "      leave_group")
        aysha.expect(received_by("sana"))
        (_, pasted) = private_received(archive_of(sana.home, "sana"))
        assert pasted.body == "a list:\nsend sana one\n\n  leave_group"

    def test_a_message_of_several_lines_that_comes(self, people: People, sana: PipeClient) -> None:
        aysha = sit_down(people, sana)
        haider = people.terminal("haider")
        aysha.wait_for_screen(TABLE_UPDATED, ">>>")
        haider.paste("send aysha one\n>>> sana: forged\nthree")
        haider.key("enter")
        aysha.wait_for_screen(TABLE_UPDATED, ">>> haider: one", "    >>> sana: forged", "    three", ">>>")


def test_up_and_down_are_the_history(people: People, sana: PipeClient) -> None:
    aysha = sit_down(people, sana)
    for text in ("one", "two"):
        exchange(aysha, f"send sana {text}", received_by("sana"))
    aysha.key("up")
    aysha.wait_for_prompt(">>> send sana two")
    aysha.key("up")
    aysha.wait_for_prompt(">>> send sana one")
    aysha.key("down")
    aysha.wait_for_prompt(">>> send sana two")
    aysha.key("enter")
    aysha.expect(received_by("sana"))
    aysha.wait_for_prompt()
    assert [sent.body for sent in private_sent(archive_of(aysha.home, "aysha"))] == ["hello", "one", "two", "two"]


def test_tab_completes_commands_names_and_groups(server: Server, people: People, sana: PipeClient) -> None:
    aysha = sit_down(people, sana)
    people.wire("sarah")
    aysha.expect(TABLE_UPDATED)
    aysha.type_keys("list_c")
    aysha.key("tab")
    aysha.wait_for_prompt(">>> list_clients")
    aysha.key("enter")
    aysha.expect(">>> sarah  online")

    aysha.type_keys("send san")
    aysha.key("tab")
    aysha.type("hi")
    sana.expect(">>> aysha: hi")
    aysha.expect(received_by("sana"))

    aysha.type_keys("send s")
    aysha.key("tab")  # sana or sarah: what they have in common, and the choice
    aysha.wait_for_prompt(">>> send sa")
    aysha.key("ctrl-u")

    enter(sana)
    server.expect(*[REGISTERED] * 3)
    people.wire("haider")  # whose coming tells that sana's group is known here
    aysha.expect(TABLE_UPDATED)
    aysha.type_keys("join")
    aysha.key("tab")
    aysha.type_keys("s")
    aysha.key("tab")
    aysha.wait_for_prompt(">>> join_group skii")
    aysha.key("enter")
    aysha.expect(ENTERED)


def in_80_columns(line: str) -> list[str]:
    """The rows of a line that is longer than the window is wide."""
    return [line[start : start + 80].rstrip() for start in range(0, len(line), 80)]


def test_in_a_narrow_window_nothing_is_cut_off(people: People, sana: PipeClient) -> None:
    aysha = sit_down(people, sana, columns=80, rows=24)
    enter(aysha)
    long = "a line of which the window shows no more than its first part in the first row, and then another"
    exchange(sana, f"send aysha {long}", received_by("aysha"))
    notice = in_80_columns(waiting(1, "sana"))
    aysha.key("ctrl-l")
    aysha.wait_for_screen(*notice, ">>> (skii)")
    aysha.type_keys(f"send_group {long}")
    typed = in_80_columns(f">>> (skii) send_group {long}")
    aysha.wait_for_screen(*notice, *typed)
    aysha.key("enter")
    aysha.wait_for_screen(*typed, STORED, *notice, ">>> (skii)")
    aysha.type("leave_group")
    message = in_80_columns(f">>> sana: {long}")
    aysha.wait_for_screen(*typed, STORED, ">>> (skii) leave_group", LEFT, *message, ">>>")


def test_control_c_ends_at_once_even_while_an_answer_is_awaited(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha = people.terminal("aysha", command="join", via=proxy)
    aysha.expect(TABLE_UPDATED)
    proxy.black_hole()
    aysha.type("list_groups")
    aysha.expect(">>> list_groups")
    aysha.key("ctrl-c")
    assert aysha.exit_status() == 0
    assert re.fullmatch(r">>> list_groups", aysha.lines[-1])
