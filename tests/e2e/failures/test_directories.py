"""A data directory that can't be used, and one that another process has: a line that says so, and the exit status.

What can't be used is something that root can't use either: these tests run as anybody.
"""

import re
import stat
from pathlib import Path

import pytest

from chatapp.model.errors import ExitStatus
from harness.archives import archive_of, private_received
from harness.people import WELCOME, Command, People
from harness.ports import fresh_port
from harness.processes import program
from harness.server import Server
from harness.stage import Stage

UNUSABLE = r"Error: cannot use the data directory {}: .+\. Make it yours to write, or choose another with --data\."
NAME_USED = ">>> [Cannot register with a name already used.]"


def in_its_place(path: Path) -> Path:
    """A file where the directory should be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something else")
    return path


@pytest.mark.parametrize("below", [".", "below"], ids=["a file in its place", "a file above it"])
def test_the_servers_directory(stage: Stage, tmp_path: Path, below: str) -> None:
    data = in_its_place(tmp_path / "file") / below
    server = stage.process("server", program("serve", "--port", str(fresh_port()), "--data", str(data)))
    server.expect_error(re.compile(UNUSABLE.format(re.escape(str(data)))))
    assert server.exit_status() == ExitStatus.STORAGE
    assert len(server.errors) == 1
    assert server.lines == []


def test_a_file_of_the_server_that_isnt_one(stage: Stage) -> None:
    server = stage.server(online=False)
    for name in ("lock", "server.db"):
        (server.data / name).mkdir(parents=True)
        server.start(re.compile(rf"Error: cannot use .*{re.escape(str(server.data))}.*"))
        assert server.exit_status() == ExitStatus.STORAGE
        (server.data / name).rmdir()
    server.start()


def test_a_certificate_that_is_damaged(server: Server) -> None:
    assert server.stop() == ExitStatus.DONE
    for name in ("certificate.pem", "private-key.pem"):
        right = (server.data / name).read_bytes()
        (server.data / name).write_bytes(b"damaged")
        server.start(re.compile(rf"Error: cannot (read|use) the certificate .*{re.escape(str(server.data))}.*"))
        assert server.exit_status() == ExitStatus.USAGE
        (server.data / name).write_bytes(right)
    assert len(server.errors) == 2
    server.start()


def test_two_servers_on_one_directory(stage: Stage, server: Server) -> None:
    port = str(fresh_port())
    second = stage.process("second", program("serve", "--port", port, "--data", str(server.data)))
    second.expect_error(
        f"Error: a server is running with the data directory {server.data}. Stop it, or choose another with --data."
    )
    assert second.exit_status() == ExitStatus.USAGE
    server.kill9()
    server.start()  # the lock was the process's, not the file's


def test_the_clients_directory(people: People, tmp_path: Path) -> None:
    data = in_its_place(tmp_path / "file")
    sana = people.pipe("sana", welcome=False, data=str(data))
    sana.expect_error(re.compile(UNUSABLE.format(re.escape(str(data)))))
    assert sana.exit_status() == ExitStatus.STORAGE
    assert len(sana.errors) == 1


def test_known_servers_that_cant_be_read(people: People) -> None:
    sana = people.pipe("sana")
    assert sana.stop() == ExitStatus.DONE
    known = sana.home / "data" / "known-servers.json"
    for content in ("", "{", '{"127.0.0.1:4000": 5}'):
        known.write_text(content)
        sana.start()
        sana.expect_error(re.compile(rf"Error: cannot read {re.escape(str(known))}: .*\. Mend or remove it; .*"))
        assert sana.exit_status() == ExitStatus.STORAGE
    known.unlink()
    sana.start()
    sana.expect(WELCOME)


def test_the_same_name_twice_on_a_device(people: People) -> None:
    sana, aysha = people.pipe("sana"), people.pipe("aysha")
    commands: tuple[Command, ...] = ("-c", "join")
    for command in commands:
        second = people.pipe("sana", command=command, welcome=False)
        second.expect(NAME_USED)
        assert second.exit_status() == ExitStatus.GONE
        assert second.errors == []
    aysha.type("send sana hello")
    aysha.expect(">>> [Message received by sana.]")
    sana.expect(">>> aysha: hello")
    assert [message.body for message in private_received(archive_of(sana.home, "sana"))] == ["hello"]
    sana.kill9()
    sana.start()
    sana.expect(WELCOME)  # a killed process holds nothing


def test_only_their_owner_can_look_in(server: Server, people: People) -> None:
    sana = people.pipe("sana")
    archive = archive_of(sana.home, "sana")
    directories = [server.data, sana.home / "data", archive.parent.parent, archive.parent]
    assert {stat.S_IMODE(path.stat().st_mode) for path in directories} == {0o700}
    files = [*server.data.iterdir(), *archive.parent.iterdir(), sana.home / "data" / "known-servers.json"]
    assert {path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077} <= {"certificate.pem"}
