"""CLASSIC: a typed request that isn't answered, a server that goes away at rest, a member that was removed."""

from typing import Any

from harness.archives import stored_entries, texts
from harness.people import People
from harness.server import Server
from harness.stage import Stage

from .words import (
    DEAD,
    ENTERED,
    EXITING,
    GROUPS,
    LOST,
    NOT_RESPONDING,
    OUTSIDE,
    REGAINED,
    REMOVED,
    STORED,
    TABLE_UPDATED,
    WELCOME,
    Gather,
    announced,
    enter,
    exchange,
    not_delivered_to,
    received_by,
    said,
)

KEPT = ">>> [1 message is kept and goes out at the next start.]"
QUICK: dict[str, Any] = {"ack_timeout_s": 0.2, "backoff_max_s": 0.5}
"""So that five tries take a second, and a server that is back is found in half of one."""
FOR_EVER_S = 1000


def test_after_five_tries_the_classic_client_exits(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha = people.terminal("aysha", via=proxy, **QUICK)
    exchange(aysha, "list_groups", GROUPS)
    proxy.black_hole()
    before = len(aysha.lines)
    aysha.type("create_group skii")
    assert aysha.exit_status() == 1
    heard = [line for line in aysha.lines[before:] if line != ">>> create_group skii"]
    assert heard == [NOT_RESPONDING, EXITING]
    assert proxy.connections > 1, "the later tries have fresh connections"


def test_a_request_whose_answers_are_lost_is_tried_often_and_done_once(
    stage: Stage, server: Server, people: People
) -> None:
    proxy = stage.proxy(server)
    aysha, sana = people.pipe("aysha", via=proxy, **QUICK), people.pipe("sana")
    exchange(aysha, "list_groups", GROUPS)
    before = proxy.passed["server"]
    proxy.delay(FOR_EVER_S, towards="client")
    aysha.type("create_group skii")
    assert aysha.exit_status() == 1
    assert aysha.lines[-3:] == [GROUPS, NOT_RESPONDING, EXITING]
    exchange(sana, "create_group skii", ">>> [Group skii already exists.]")
    assert proxy.passed["server"] - before > 2 * len('{"t":"create_group","id":"0123456789abcdef-1","group":"skii"}')
    assert [line for line in server.lines if "aysha" in line and "skii" in line] == [
        ">>> [Client aysha created group skii successfully]"
    ]


def test_what_waits_is_kept_and_goes_out_once_at_the_next_start(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    sana, aysha = people.pipe("sana"), people.terminal("aysha", via=proxy, **QUICK)
    enter(sana, aysha)
    proxy.black_hole()
    before = len(aysha.lines)
    aysha.type("send_group are you there?")
    assert aysha.exit_status() == 1
    heard = [line for line in aysha.lines[before:] if "send_group" not in line]
    assert heard == [NOT_RESPONDING, KEPT, EXITING]

    proxy.heal()  # what was withheld arrives now, and has been stored before the next start sends it again
    sana.expect(said("aysha", "are you there?"))
    aysha.start()
    aysha.expect(WELCOME, ENTERED)
    exchange(aysha, "send_group a marker", STORED)
    sana.expect(said("aysha", "a marker"))
    assert texts(stored_entries(server.data, "skii")) == ["are you there?", "a marker"]
    assert sana.lines.count(said("aysha", "are you there?")) == 1
    assert aysha.stop() == 0
    assert KEPT not in aysha.lines[before + len(heard) + 1 :]


def test_several_messages_are_kept_group_and_private(server: Server, people: People) -> None:
    people.settings = dict(QUICK)
    sana, haider, aysha = people.pipe("sana"), people.pipe("haider"), people.pipe("aysha")
    exchange(aysha, "send haider hi", received_by("haider"))
    haider.kill9()
    exchange(aysha, "send haider are you there?", *not_delivered_to("haider"))
    enter(sana, aysha)
    server.kill9()
    aysha.expect(LOST)
    aysha.type("send_group one")
    assert aysha.exit_status() == 1
    kept = ">>> [2 messages are kept and go out at the next start.]"
    assert aysha.lines[-3:] == [NOT_RESPONDING, kept, EXITING]
    server.start()
    haider.start()
    haider.expect(WELCOME)
    aysha.start()
    sana.expect(said("aysha", "one"))
    haider.expect(">>> aysha: are you there?")
    assert texts(stored_entries(server.data, "skii")) == ["one"]


def test_a_start_without_the_server_exits_too_when_something_is_typed(server: Server, people: People) -> None:
    people.settings = {"ack_timeout_s": 0.1}
    _sana, aysha = people.pipe("sana"), people.pipe("aysha")
    aysha.expect(TABLE_UPDATED)
    assert aysha.stop() == 0
    server.kill9()
    before = len(aysha.lines)
    aysha.start()
    aysha.expect(DEAD)
    aysha.type("join_group skii")
    assert aysha.exit_status() == 1
    assert aysha.lines[before:] == [DEAD, NOT_RESPONDING, EXITING]


def test_the_server_goes_away_at_rest_and_comes_back(server: Server, people: People) -> None:
    people.settings = dict(QUICK)
    sana, aysha = people.pipe("sana"), people.terminal("aysha")
    enter(sana, aysha)
    before = len(aysha.lines)
    server.kill9()
    for person in (aysha, sana):
        person.expect(LOST)
    server.start()
    for person in (aysha, sana):
        person.expect(REGAINED)
    exchange(sana, "send_group still here", STORED)
    aysha.expect(said("sana", "still here"))
    exchange(aysha, "send_group me too", STORED)
    sana.expect(said("aysha", "me too"))
    news = [line for line in aysha.lines[before:] if "send_group" not in line]
    assert news == [LOST, REGAINED, said("sana", "still here"), STORED]


def test_join_waits_for_the_answer_however_long(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    aysha = people.pipe("aysha", command="join", via=proxy, connect_timeout_s=0.2, **QUICK)
    exchange(aysha, "list_groups", GROUPS)
    proxy.black_hole()
    aysha.type("create_group skii")
    proxy.wait_for_connections(6)  # each fresh one is another try
    proxy.heal()
    aysha.expect(">>> [Group skii created by Server.]")
    assert NOT_RESPONDING not in aysha.lines


def test_removed_for_not_answering_and_back(gather_in_pipes: Gather, people: People) -> None:
    sana, haider = gather_in_pipes("sana", "haider")
    aysha = people.terminal("aysha")
    enter(sana, haider, aysha)
    before = len(aysha.lines)
    aysha.suspend()
    exchange(sana, "send_group one", STORED)
    for person in (sana, haider):
        person.expect(announced("aysha", "did not respond and was removed."))
    exchange(haider, "send_group two", STORED)
    aysha.resume()
    aysha.expect(ENTERED, said("haider", "two"))
    for person in (sana, haider):
        person.expect(announced("aysha", "joined."))
    exchange(aysha, "send_group back again", STORED)
    sana.expect(said("aysha", "back again"))
    heard = [line for line in aysha.lines[before:] if line != TABLE_UPDATED and "send_group" not in line]
    assert heard == [said("sana", "one"), REMOVED, ENTERED, said("haider", "two"), STORED]
    exchange(aysha, "leave_group", ">>> [Leave group chat skii.]")
    exchange(aysha, "list_members", OUTSIDE)
