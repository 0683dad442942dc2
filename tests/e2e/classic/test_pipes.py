"""CLASSIC: not a terminal. Plain lines on stdout, commands one after the other, and an exit status."""

from harness.people import People, client_command
from harness.ports import fresh_port
from harness.server import Server
from harness.stage import Stage

from .words import (
    CLIENTS,
    ENTERED,
    EXITING,
    LEFT,
    MEMBERS,
    NOT_RESPONDING,
    STORED,
    TABLE_UPDATED,
    WELCOME,
    exchange,
    said,
)

SCRIPT = ["create_group skii", "join_group skii", "send_group hi all", "list_members", "leave_group"]
ANSWERS = [
    ">>> [Group skii created by Server.]",
    ENTERED,
    STORED,
    MEMBERS,
    ">>> (skii) aysha",
    LEFT,
]


def heard_in(people: People, typed: str) -> list[str]:
    """All that is typed and the end of input at once: what is printed after Welcome and the table, and the status."""
    aysha = people.pipe("aysha", welcome=False)
    aysha.type_bytes(typed.encode())
    aysha.end_of_input()
    status = aysha.exit_status()
    assert aysha.errors == []
    after = aysha.lines.index(WELCOME) + 1
    assert aysha.lines[after] == TABLE_UPDATED
    return [*aysha.lines[after + 1 :], f"exit {status}"]


def test_commands_run_one_after_the_other_each_awaiting_its_answer(people: People) -> None:
    assert heard_in(people, "".join(f"{command}\n" for command in SCRIPT)) == [*ANSWERS, "exit 0"]


def test_the_exit_status(people: People) -> None:
    clients = [CLIENTS, ">>> aysha  online"]
    assert heard_in(people, "") == ["exit 0"], "no input is a silent visit"
    assert heard_in(people, "list_clients") == [*clients, "exit 0"], "the last line needs no line break"
    for command, answer in {
        "join_group skii": ">>> [Group skii does not exist.]",
        "leave_group": ">>> You are not in a group chat so you cannot leave one",
        "send nobody hi": ">>> Incorrect username provided",
        "nonsense": ">>> Please input a valid request",
    }.items():
        assert heard_in(people, f"{command}\nlist_clients\n") == [answer, *clients, "exit 3"]


def test_pending_answers_are_awaited_at_the_end_of_input(stage: Stage, server: Server, people: People) -> None:
    proxy = stage.proxy(server)
    sana = people.pipe("sana")
    exchange(sana, "create_group skii", ANSWERS[0])
    exchange(sana, "join_group skii", ENTERED)
    aysha = people.pipe("aysha", via=proxy)
    proxy.delay(0.2)
    for line in ("join_group skii", "send_group bye"):
        aysha.type(line)
    aysha.end_of_input()
    assert aysha.exit_status() == 0
    assert aysha.lines[-2:] == [ENTERED, STORED]
    sana.expect(said("aysha", "bye"))


def test_the_end_of_the_conversation_is_told_on_stdout_too(stage: Stage) -> None:
    aysha = stage.people(stage.server(online=False), ack_timeout_s=0.1).pipe("aysha", welcome=False)
    aysha.type("list_clients")
    assert aysha.exit_status() == 1
    assert (aysha.lines, aysha.errors) == ([NOT_RESPONDING, EXITING], [])


def test_lines_are_plain_where_only_stdin_is_a_terminal(stage: Stage, server: Server) -> None:
    """And so they are where only stdout is one: here it is another program's end of a pipe."""
    command = client_command("aysha", server, "-c", fresh_port(), [])
    data = str(server.home / "aysha")
    reader = stage.terminal("aysha", ["/bin/sh", "-c", '"$@" | cat', "sh", *command], data=data)
    reader.expect(TABLE_UPDATED)
    reader.type("list_clients")
    reader.expect("list_clients", CLIENTS, ">>> aysha  online")
    reader.key("ctrl-d")
    assert reader.exit_status() == 0
    assert b"\x1b" not in reader.raw


def test_lines_are_plain_where_only_stdout_is_a_terminal(stage: Stage, server: Server) -> None:
    command = client_command("aysha", server, "-c", fresh_port(), [])
    data = str(server.home / "aysha")
    reader = stage.terminal("aysha", ["/bin/sh", "-c", 'echo list_clients | "$@"', "sh", *command], data=data)
    assert reader.exit_status() == 0
    assert reader.lines[1:] == [WELCOME, TABLE_UPDATED, CLIENTS, ">>> aysha  online"]
    assert b"\x1b" not in reader.raw


def test_a_reader_that_goes_away_ends_the_program(stage: Stage, server: Server, people: People) -> None:
    command = client_command("aysha", server, "-c", fresh_port(), [])
    data = str(server.home / "aysha")
    sana = people.pipe("sana")
    pipeline = stage.process("aysha", ["/bin/sh", "-c", '"$@" | head -n 2', "sh", *command], data=data)
    pipeline.expect(WELCOME)
    sana.expect(TABLE_UPDATED, TABLE_UPDATED)  # aysha came
    haider = people.pipe("haider")  # a line that aysha writes to nobody
    assert pipeline.exit_status() == 0
    assert pipeline.errors == []
    haider.expect(TABLE_UPDATED)
