"""CLASSIC, "Starting" and the row "(start)": what stands between the command and the conversation."""

import re
import shutil
import socket
from dataclasses import dataclass
from typing import Any

import pytest

from harness.people import People
from harness.processes import program
from harness.server import Server
from harness.stage import Stage

from .words import (
    CLIENTS,
    DEAD,
    EXITING,
    GROUPS,
    LOST,
    NAME_USED,
    NOT_RESPONDING,
    TABLE_UPDATED,
    WELCOME,
    exchange,
    received_by,
)

KEY = re.compile(r">>> \[Server key SHA256:([0-9a-f]{64}) remembered\.]")
QUICK: dict[str, Any] = {"ack_timeout_s": 0.2}
"""So that five tries take a second."""


@dataclass(frozen=True)
class Place:
    """Where a server is said to be."""

    host: str
    port: int


def loopback_addresses() -> list[str]:
    """localhost's names, as far as this machine has them."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return ["localhost", "127.0.0.1", "::1"]
    except OSError:
        return ["localhost", "127.0.0.1"]


RANGE = "Error: Port number is not in range [1024, 65535]"


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("-s 80", RANGE),
        ("-s 65536", RANGE),
        ("-c aysha localhost 1023 2000", RANGE),
        ("-c aysha localhost 4000 65536", RANGE),
        ("-c aysha localhost port 2000", RANGE),
        ("-c aysha 1.2.3.400 4000 2000", "Error: invalid IP address"),
        ("-c aysha not:an:address 4000 2000", "Error: invalid IP address"),
        ("-c aysha there-is-no.invalid 4000 2000", "Error: cannot find host there-is-no.invalid"),
    ],
)
def test_errors_before_the_conversation(stage: Stage, command: str, line: str) -> None:
    start = stage.process("start", program(*command.split()))
    assert start.exit_status() == 2
    assert (start.lines, start.errors) == ([], [line])


def test_the_classic_server_is_on_all_interfaces(stage: Stage) -> None:
    place = stage.server(online=False)
    server = stage.process("classic server", program("-s", str(place.port)), data=str(place.data))
    server.expect(">>> Server is online")
    assert re.fullmatch(
        rf">>> \[Others join with: python3 chatapp\.py -c NAME \S+ {place.port} 2000, .*]",
        server.expect(re.compile(r".*Others join.*")),
    )
    server.expect(re.compile(r".*Open to everyone who can reach this port\..*"))
    people = stage.people(place)
    for host in loopback_addresses():
        aysha = people.pipe("aysha", via=Place(host, place.port))
        exchange(aysha, "list_clients", CLIENTS, ">>> aysha  online")
        assert aysha.stop() == 0


def test_first_contact_and_later_ones(people: People) -> None:
    aysha = people.pipe("aysha")
    aysha.expect(TABLE_UPDATED)
    key, *rest = aysha.lines
    assert KEY.fullmatch(key)
    assert rest == [WELCOME, TABLE_UPDATED]
    aysha.end_of_input()
    assert aysha.exit_status() == 0
    again = people.pipe("aysha")
    again.end_of_input()
    assert again.exit_status() == 0
    assert again.lines == [WELCOME, TABLE_UPDATED]


def test_first_contact_at_a_terminal(people: People) -> None:
    aysha = people.terminal("aysha")
    aysha.expect(TABLE_UPDATED)
    aysha.wait_for_prompt()
    key, *rest = aysha.screen()
    assert KEY.fullmatch(key)
    assert rest == [WELCOME, TABLE_UPDATED, ">>>"]


def test_names_are_case_folded(people: People) -> None:
    aysha = people.pipe("Aysha")
    assert aysha.lines[0] == "You are aysha here."
    exchange(aysha, "list_clients", CLIENTS, ">>> aysha  online")
    shouting = people.pipe("AYSHA", home="elsewhere", welcome=False)
    shouting.expect("You are aysha here.", NAME_USED)


def test_a_name_that_is_used(people: People) -> None:
    aysha = people.pipe("aysha")
    stranger = people.pipe("aysha", home="elsewhere", welcome=False)
    assert stranger.exit_status() == 1
    assert stranger.lines[1:] == [NAME_USED]

    twin = people.terminal("aysha", welcome=False)
    assert twin.exit_status() == 1
    assert twin.screen() == [NAME_USED]

    exchange(aysha, "list_groups", GROUPS)
    assert aysha.stop() == 0
    again = people.terminal("aysha", home="elsewhere", welcome=False)
    assert again.exit_status() == 1, "a name stays with its identity when that is offline"
    assert again.screen() == [NAME_USED]


def test_the_key_of_the_server_has_changed(stage: Stage, server: Server, people: People) -> None:
    aysha, sana = people.pipe("aysha"), people.pipe("sana")
    assert aysha.stop() == 0
    assert server.stop() == 0
    shutil.rmtree(server.data)
    server.start()

    address = f"127.0.0.1:{server.port}"
    before = len(aysha.lines)
    aysha.start()
    assert aysha.exit_status() == 1
    changed, meaning, command = warning = aysha.lines[before:]
    assert re.fullmatch(rf">>> \[The key of the server at {address} has changed to SHA256:[0-9a-f]{{64}}\.]", changed)
    assert meaning == ">>> [Either it was set up anew, or somebody stands between you and it. Ask who runs it.]"
    assert command == f">>> [If the new key is right, type: chatapp trust {address}]"
    assert sana.exit_status() == 1, "who was connected is told too"
    assert sana.lines[-4:] == [LOST, *warning]

    trust = stage.process("trust", program("trust", address), data=str(aysha.home / "data"))
    assert trust.exit_status() == 0
    aysha.start()
    aysha.expect(WELCOME)


def test_the_server_is_dead_and_was_never_seen(stage: Stage) -> None:
    aysha = stage.people(stage.server(online=False), **QUICK).pipe("aysha", welcome=False)
    assert aysha.exit_status() == 1
    assert aysha.lines == [NOT_RESPONDING, EXITING]


def test_join_waits_for_a_server_that_was_never_seen(stage: Stage) -> None:
    server = stage.server(online=False)
    aysha = stage.people(server, backoff_max_s=1, **QUICK).pipe("aysha", command="join", welcome=False)
    aysha.expect(LOST)
    server.start()
    aysha.expect(KEY, WELCOME, TABLE_UPDATED)


def test_the_server_is_dead_and_nobody_else_is_known(server: Server, people: People) -> None:
    aysha = people.pipe("aysha", ack_timeout_s=0.1)
    assert aysha.stop() == 0
    server.kill9()
    before = len(aysha.lines)
    aysha.start()
    assert aysha.exit_status() == 1
    assert aysha.lines[before:] == [NOT_RESPONDING, EXITING]


def test_the_server_is_dead_but_its_clients_are_known(server: Server, people: People) -> None:
    people.settings = {"backoff_max_s": 1, **QUICK}
    sana = people.pipe("sana")
    aysha = people.terminal("aysha")
    sana.expect(TABLE_UPDATED, TABLE_UPDATED)
    assert aysha.stop() == 0
    sana.expect(TABLE_UPDATED)
    server.kill9()
    sana.expect(LOST)

    before = len(aysha.lines)
    aysha.start()
    aysha.expect(DEAD)
    exchange(aysha, "send sana are you there?", received_by("sana"))
    sana.expect(">>> aysha: are you there?")
    exchange(sana, "send aysha I am", received_by("aysha"))
    aysha.expect(">>> sana: I am")
    server.start()
    aysha.expect(WELCOME, TABLE_UPDATED)
    exchange(aysha, "list_groups", GROUPS)
    assert aysha.lines[before:].count(DEAD) == 1
