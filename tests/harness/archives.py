"""What a client's archive and a server's store hold, read beside the process that has them open.

The files are opened to read only, in WAL mode as they are: a reader sees what is committed and disturbs nobody.
"""

from pathlib import Path
from typing import Any, NamedTuple

import apsw


class Held(NamedTuple):
    """An entry: the server's file has its number and author as the clients' files have them."""

    seq: int
    by: str
    kind: str
    body: str


class Private(NamedTuple):
    """A private message as an archive has it. who: the other one; state: acked or waiting; held, due or shown."""

    who: str
    body: str
    state: str


def archive_of(home: Path, name: str) -> Path:
    """The archive of that name under a client's home. There must be one: of one server, for one name."""
    (path,) = home.glob(f"data/*/{name}/archive.db")
    return path


def archived_entries(archive: Path, group: str) -> list[Held]:
    """The entries of the group of that name, in order of epoch and number."""
    select = (
        "select e.seq, e.author, e.kind, e.body from entries e join groups g on g.id = e.group_id"
        " where g.name = ? order by e.epoch, e.seq"
    )
    return [Held(*row) for row in _read(archive, select, (group,))]


def stored_entries(store: Path, group: str) -> list[Held]:
    """The log of the group of that name, in a server's data directory."""
    select = (
        "select e.seq, c.name, e.kind, e.body from entries e join groups g on g.number = e.group_number"
        " join clients c on c.number = e.client where g.name = ? order by e.seq"
    )
    return [Held(*row) for row in _read(store / "server.db", select, (group,))]


def texts(entries: list[Held]) -> list[str]:
    """What was said, without the comings and goings."""
    return [entry.body for entry in entries if entry.kind == "text"]


def private_sent(archive: Path) -> list[Private]:
    """One's own private messages, oldest first."""
    select = "select recipient, body, iif(acked, 'acked', 'waiting') from private_sent order by number"
    return [Private(*row) for row in _read(archive, select)]


def private_received(archive: Path) -> list[Private]:
    """Private messages to oneself, in the order of arrival."""
    return [Private(*row) for row in _read(archive, "select sender, body, state from private_received order by number")]


def _read(path: Path, select: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(connection.execute(select, values))
    finally:
        connection.close()
