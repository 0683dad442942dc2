"""Another key than the one that is known, or that the join link says: a hard stop that says what it can mean.

RULES D1. Nothing is sent to such a server, and nothing of the old one is lost.
"""

import re
import shutil

import pytest

from chatapp.model.errors import ExitStatus
from harness.people import WELCOME, Command, People
from harness.pipes import PipeClient, PipedProcess
from harness.ports import fresh_port
from harness.processes import program
from harness.server import Server
from harness.stage import Stage

REMEMBERED = re.compile(r">>> \[Server key SHA256:([0-9a-f]{64}) remembered\.\]")


def key_of(person: PipeClient) -> str:
    """Of the server that somebody met for the first time."""
    found = [match[1] for line in person.lines if (match := REMEMBERED.fullmatch(line))]
    assert len(found) == 1
    return found[0]


def set_up_anew(server: Server) -> None:
    """Another server at the same address."""
    assert server.stop() == ExitStatus.DONE
    shutil.rmtree(server.data)
    server.start()


def changed(server: Server, key: str) -> list[str]:
    return [
        f">>> [The key of the server at {server.host}:{server.port} has changed to SHA256:{key}.]",
        ">>> [Either it was set up anew, or somebody stands between you and it. Ask who runs it.]",
        f">>> [If the new key is right, type: chatapp trust {server.host}:{server.port}]",
    ]


@pytest.mark.parametrize("command", ["-c", "join"])
def test_a_changed_key_stops_until_it_is_trusted(
    stage: Stage, server: Server, people: People, command: Command
) -> None:
    sana = people.pipe("sana", command=command)
    sana.type("create_group skii")
    sana.expect(">>> [Group skii created by Server.]")
    old = key_of(sana)
    assert sana.stop() == ExitStatus.DONE
    set_up_anew(server)
    new = key_of(stage.people(server, homes="elsewhere").pipe("aysha"))
    assert new != old

    sana.start()
    sana.expect(*changed(server, new))
    assert sana.exit_status() == ExitStatus.GONE
    assert sana.errors == []
    server.expect(">>> [Server table updated via new registration.]")
    assert server.metric("chatapp_messages_received_total") == 0

    link = f"{server.host}:{server.port}"
    trust = stage.process("trust", program("trust", link, "--data", str(sana.home / "data")))
    trust.expect(f"The server at {link} is trusted with the key SHA256:{new}.")
    assert trust.exit_status() == ExitStatus.DONE
    sana.start()
    sana.expect(WELCOME)
    assert sorted(path.name for path in (sana.home / "data").iterdir() if path.is_dir()) == sorted([old, new])


def test_a_key_that_changes_while_one_is_there(stage: Stage, server: Server, people: People) -> None:
    sana = people.pipe("sana", command="join")
    set_up_anew(server)
    new = key_of(stage.people(server, homes="elsewhere").pipe("aysha"))
    sana.expect(">>> [Server not responding, reconnecting.]", *changed(server, new))
    assert sana.exit_status() == ExitStatus.GONE


def test_a_join_link_with_another_pin(stage: Stage, server: Server, people: People) -> None:
    right, wrong = key_of(people.pipe("aysha")), "ab" * 32
    link = f"{server.host}:{server.port}"

    def join(pin: str) -> PipedProcess:
        place = ["--name", "sana", "--plain", "--data", "data"]
        return stage.process("sana", program("join", f"{link}/#{pin}", *place))

    stranger = join(wrong)
    stranger.expect(*changed(server, right))
    assert stranger.exit_status() == ExitStatus.GONE
    guest = join(right)  # a wrong link leaves nothing behind
    guest.expect(f">>> [Server key SHA256:{right} remembered.]", WELCOME)
    assert guest.stop() == ExitStatus.DONE
    known = join(wrong)
    known.expect(f">>> [If the new key is right, type: chatapp trust {link}]")
    assert known.exit_status() == ExitStatus.GONE
    again = join(right)
    again.expect(WELCOME)


def test_a_join_link_that_is_none(stage: Stage, server: Server) -> None:
    for pin in ("", "ab", "zz" * 32, "ab" * 33):
        link = f"{server.host}:{server.port}/#{pin}"
        stranger = stage.process("sana", program("join", link, "--name", "sana", "--plain", "--data", "data"))
        stranger.expect_error(re.compile(r"Error: invalid join link: .*64 hexadecimal digits"))
        assert stranger.exit_status() == ExitStatus.USAGE


def test_trusting_a_server_that_isnt_there(stage: Stage) -> None:
    trust = stage.process("trust", program("trust", f"127.0.0.1:{fresh_port()}", "--data", "data"))
    trust.expect_error(re.compile(r"Error: cannot reach 127\.0\.0\.1:[0-9]+: .*"))
    assert trust.exit_status() == ExitStatus.GONE
