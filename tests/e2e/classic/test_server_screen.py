"""CLASSIC, "On the server's screen": every line, the table, `--quiet`, `--log-format json`."""

import json
import re

from chatapp.model.limits import CONSOLE_TEXT_CHARACTERS_MAX, TABLE_ROWS_MAX
from chatapp.model.messages import Created, CreateGroup, Joined, JoinGroup, SendGroup, Stored
from harness.people import People
from harness.pipes import PipedProcess
from harness.ports import fresh_port
from harness.processes import program
from harness.server import ONLINE, Server
from harness.stage import Stage

from .words import (
    BROADCAST,
    DEREGISTERED,
    ENTERED,
    GROUPS,
    LEFT,
    MEMBERS,
    REGISTERED,
    STORED,
    TABLE_UPDATED,
    announced,
    enter,
    exchange,
)

HEADING = re.compile(r">>> name +address +port +status +mode")
OFFER = re.compile(r">>> \[Others join with: .*]")
OPEN = re.compile(r".*Open to everyone who can reach this port\..*")


def test_every_line(server: Server, people: People) -> None:
    server.expect(OFFER, OPEN)
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    server.expect(REGISTERED, REGISTERED, BROADCAST)
    exchange(aysha, "list_groups", GROUPS)
    enter(aysha, sana)
    exchange(sana, "leave_group", LEFT)
    aysha.expect(announced("sana", "left."))
    exchange(sana, "create_group skii", ">>> [Group skii already exists.]")
    exchange(sana, "create_group alps", ">>> [Group alps created by Server.]")
    exchange(sana, "join_group nope", ">>> [Group nope does not exist.]")
    exchange(sana, "list_groups", GROUPS, ">>> alps", ">>> skii")
    exchange(sana, "join_group skii", ENTERED)
    aysha.expect(announced("sana", "joined."))
    exchange(aysha, "send_group hi all", STORED)
    exchange(aysha, "list_members", MEMBERS, ">>> (skii) aysha", ">>> (skii) sana")
    sana.suspend()
    exchange(aysha, "send_group are you there?", STORED)
    aysha.expect(announced("sana", "did not respond and was removed."))
    sana.kill9()
    aysha.type("dereg aysha")
    assert aysha.exit_status() == 0
    server.expect(DEREGISTERED, DEREGISTERED)

    happened = [
        REGISTERED,
        REGISTERED,
        ">>> [Client aysha requested listing groups, current groups:]",
        ">>> [Client aysha created group skii successfully]",
        ">>> [Client aysha joined group skii]",
        ">>> [Client sana joined group skii]",
        ">>> [Client sana left group skii]",
        ">>> [Client sana creating group skii failed, group already exists]",
        ">>> [Client sana created group alps successfully]",
        ">>> [Client sana joining group nope failed, group does not exist]",
        ">>> [Client sana requested listing groups, current groups:]",
        ">>> alps",
        ">>> skii",
        ">>> [Client sana joined group skii]",
        ">>> [Client aysha sent group message]",
        ">>> [Client aysha requested listing members of group skii:]",
        ">>> aysha",
        ">>> sana",
        ">>> [Client aysha sent group message]",
        ">>> [Client sana not responsive, removed from group skii]",
        DEREGISTERED,
        ">>> [Client aysha left group skii]",
        DEREGISTERED,
    ]
    table = re.compile(r">>> (name|aysha|sana) .*")
    lines = [line for line in server.lines[3:] if line != BROADCAST and not table.fullmatch(line)]
    assert lines[: len(happened)] == happened


def test_the_table(server: Server, people: People) -> None:
    ports = {name: fresh_port() for name in ("aysha", "sana")}
    aysha, sana = (people.pipe(name, direct_port=port) for name, port in ports.items())
    aysha.expect(TABLE_UPDATED)
    enter(sana)
    rows = [
        f">>> aysha  127.0.0.1  {ports['aysha']}  online  normal",
        f">>> sana   127.0.0.1  {ports['sana']}  online  in skii",
    ]
    server.expect(rows[1])
    heading = ">>> name   address    port   status  mode"
    assert server.lines[-3:] == [heading, *rows]
    tables = server.lines.count(heading)
    exchange(aysha, "list_groups", GROUPS, ">>> skii")  # changes nothing, so that no table follows
    exchange(sana, "list_members", MEMBERS, ">>> (skii) sana")
    assert aysha.stop() == 0
    server.expect(BROADCAST, f">>> aysha  127.0.0.1  {ports['aysha']}  offline  normal")
    assert len([line for line in server.lines if HEADING.fullmatch(line)]) == tables + 1


def test_a_long_table_is_cut_and_says_so(server: Server, people: People) -> None:
    for number in range(TABLE_ROWS_MAX + 3):
        people.wire(f"guest{number}")
    server.expect(re.compile(r">>> guest49 .*"), ">>> and 3 more")


def test_a_terminal_shows_the_first_200_characters_of_a_text_on_one_line(stage: Stage) -> None:
    place = stage.server("place", online=False)
    command = program("serve", "--port", str(place.port), "--bind", place.host, "--data", str(place.data))
    server = stage.terminal("server", command, columns=300)
    server.expect(ONLINE)
    aysha = stage.people(place).wire("aysha")
    group = aysha.ask(CreateGroup(aysha.fresh_id(), "skii"), Created).group
    aysha.ask(JoinGroup(aysha.fresh_id(), "skii"), Joined)
    aysha.ask(SendGroup(aysha.fresh_id(), group, "hi all"), Stored)
    server.expect(">>> [Client aysha sent group message: hi all]")
    aysha.ask(SendGroup(aysha.fresh_id(), group, "two\nlines \x1b[2J" + "x" * 300), Stored)
    line = server.expect(re.compile(r">>> \[Client aysha sent group message: .*]"))
    text = line.removeprefix(">>> [Client aysha sent group message: ").removesuffix("]")
    assert re.fullmatch(r"two lines \[2Jx+", text)
    assert len(text) in range(CONSOLE_TEXT_CHARACTERS_MAX - 5, CONSOLE_TEXT_CHARACTERS_MAX + 1)


def test_quiet(stage: Stage) -> None:
    server = stage.server(online=False, arguments=["--quiet"])
    PipedProcess.start(server)
    aysha = stage.people(server).pipe("aysha")
    enter(aysha)
    assert aysha.stop() == 0
    assert server.stop() == 0
    assert (server.lines, server.errors) == ([], [])


def test_json_for_machines(stage: Stage) -> None:
    server = stage.server(online=False, arguments=["--log-format", "json"])
    PipedProcess.start(server)
    aysha = stage.people(server).pipe("aysha")
    enter(aysha)
    exchange(aysha, "send_group a secret", STORED)
    exchange(aysha, "list_members", MEMBERS, ">>> (skii) aysha")
    assert aysha.stop() == 0
    assert server.stop() == 0
    told = [json.loads(line) for line in server.lines]
    assert told[0] == {"what": "line", "text": ONLINE}
    assert [event for event in told if event["what"] not in ("line", "broadcast")] == [
        {"what": "registered", "client": "aysha"},
        {"what": "created", "client": "aysha", "group": "skii"},
        {"what": "joined", "client": "aysha", "group": "skii"},
        {"what": "said", "client": "aysha", "group": "skii"},
        {"what": "listed_members", "client": "aysha", "group": "skii", "names": ["aysha"]},
        {"what": "left", "client": "aysha", "group": "skii"},
        {"what": "deregistered", "client": "aysha"},
    ]
    assert "secret" not in "".join(server.lines)


def test_what_comes_faster_than_anybody_reads_is_dropped_and_counted(server: Server, people: People) -> None:
    aysha = people.wire("aysha")
    group = aysha.ask(CreateGroup(aysha.fresh_id(), "skii"), Created).group
    aysha.ask(JoinGroup(aysha.fresh_id(), "skii"), Joined)
    too_many = re.compile(r">>> \[([0-9]+) lines were too many for this screen\.]")
    said = 0
    while not any(too_many.fullmatch(line) for line in server.lines):
        ids = [aysha.fresh_id() for _ in range(50)]
        for id in ids:
            aysha.send(SendGroup(id, group, "on and on"))
        for id in ids:
            aysha.answer(id, Stored)
        said += len(ids)
    shown = server.lines.count(">>> [Client aysha sent group message]")
    assert shown < said
    assert server.metric("chatapp_console_lines_dropped_total") > 0
