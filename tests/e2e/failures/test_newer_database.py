"""A database of a newer version, and one that is damaged: one line, exit status 4, and the file stays as it is."""

import re
from pathlib import Path

import apsw

from chatapp.model.errors import ExitStatus
from harness.archives import archive_of, archived_entries, stored_entries, texts
from harness.people import WELCOME, People
from harness.server import Server

NEWER = 99


def schema_version(database: Path) -> int:
    connection = apsw.Connection(str(database))
    try:
        return int(connection.pragma("user_version"))
    finally:
        connection.close()


def set_schema_version(database: Path, version: int) -> None:
    connection = apsw.Connection(str(database))
    try:
        connection.pragma("user_version", version)
    finally:
        connection.close()


def newer(database: Path, known: int) -> str:
    return (
        f"Error: {database} was written by a newer chatapp (schema {NEWER}, this one knows {known}). "
        "Install that version again, or choose another directory with --data."
    )


def test_the_servers(server: Server, people: People) -> None:
    aysha = people.pipe("aysha", command="join")
    for line in ("create_group skii", "join_group skii", "send_group hello"):
        aysha.type(line)
    aysha.expect(">>> (skii) [Message received by Server.]")
    server.kill9()
    database = server.data / "server.db"
    known = schema_version(database)
    set_schema_version(database, NEWER)

    server.start(newer(database, known))
    assert server.exit_status() == ExitStatus.STORAGE
    assert len(server.errors) == 1
    assert schema_version(database) == NEWER
    set_schema_version(database, known)
    server.start()
    aysha.type("send_group and on it goes")
    aysha.expect(">>> (skii) [Message received by Server.]")
    assert texts(stored_entries(server.data, "skii")) == ["hello", "and on it goes"]


def test_a_clients(people: People) -> None:
    sana = people.pipe("sana")
    for line in ("create_group skii", "join_group skii", "send_group hello", "leave_group"):
        sana.type(line)
    sana.expect(">>> [Leave group chat skii.]")
    assert sana.stop() == ExitStatus.DONE
    archive = archive_of(sana.home, "sana")
    known = schema_version(archive)
    set_schema_version(archive, NEWER)

    sana.start()
    sana.expect_error(newer(archive, known))
    assert sana.exit_status() == ExitStatus.STORAGE
    assert len(sana.errors) == 1
    set_schema_version(archive, known)
    sana.start()
    sana.expect(WELCOME)
    assert texts(archived_entries(archive, "skii")) == ["hello"]


def test_one_that_is_none(server: Server, people: People) -> None:
    content = b"not a database at all, by far" * 1000
    sana = people.pipe("sana")
    assert sana.stop() == ExitStatus.DONE
    assert server.stop() == ExitStatus.DONE
    database, archive = server.data / "server.db", archive_of(sana.home, "sana")
    right = database.read_bytes(), archive.read_bytes()

    database.write_bytes(content)
    server.start(re.compile(rf"Error: cannot use {re.escape(str(database))}: .*not a database.*"))
    assert server.exit_status() == ExitStatus.STORAGE
    assert len(server.errors) == 1
    assert database.read_bytes() == content
    database.write_bytes(right[0])
    server.start()

    archive.write_bytes(content)
    sana.start()
    sana.expect_error(re.compile(rf"Error: cannot use {re.escape(str(archive))}: .*not a database.*"))
    assert sana.exit_status() == ExitStatus.STORAGE
    assert len(sana.errors) == 1
    archive.write_bytes(right[1])
    sana.start()
    sana.expect(WELCOME)
