"""The archive: what a device keeps of one name on one server, in an SQLite file that one process holds at a time.

Here are the identity, the ids and what concerns groups; `private_archive` has private messages. Plain functions over
one connection: `client.storage` runs them in the archive's thread.
"""

import secrets
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import apsw
import msgspec

from chatapp.identity.keys import KEY_BYTES
from chatapp.model.ids import RequestId
from chatapp.model.limits import INSTALLATION_BITS
from chatapp.model.messages import Entry, Resume, RosterRow, SendGroup
from chatapp.store.database import failures_told, open_database

_SCHEMA = files("chatapp.client") / "schema"
_COUNTERS_RESERVED = 1000
"""Ids are taken from the file so many at a time: a gap after a crash costs nothing, a repeated id would."""


class Own(NamedTuple):
    """What the archive knows of itself."""

    seed: bytes
    focus: str | None
    direct_port: int


class Archive:
    """The file `path`, made if it isn't there. Raises CannotStart (`open`) and StorageFailed (everything)."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.connection = open_database(path, _SCHEMA)
        self._installation = 0
        self._counter = 0
        self._reserved = 0
        with failures_told(self.path):
            if self.connection.execute("select 1 from own").fetchone() is None:
                row = (secrets.token_bytes(KEY_BYTES), secrets.randbits(INSTALLATION_BITS), 0, None, 0)
                self.connection.execute("insert into own values (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Closes the file; the WAL is folded into it."""
        with failures_told(self.path):
            self.connection.close()

    # -- itself -----------------------------------------------------------------------------------------------
    def own(self) -> Own:
        """The identity's seed, the focus and the port."""
        with failures_told(self.path):
            (row,) = self.connection.execute("select seed, focus, direct_port from own")
            return Own(*row)

    def set_focus(self, group: str | None) -> None:
        """Which group one is in, for the next start."""
        self._do("update own set focus = ?", (group,))

    def set_direct_port(self, port: int) -> None:
        """Which UDP port the direct link has."""
        self._do("update own set direct_port = ?", (port,))

    def new_id(self) -> RequestId:
        """An id that was never used before, whatever happened since."""
        if self._counter == self._reserved:
            with failures_told(self.path):
                update = "update own set counter = counter + ? returning installation, counter"
                ((self._installation, self._reserved),) = self.connection.execute(update, (_COUNTERS_RESERVED,))
            self._counter = self._reserved - _COUNTERS_RESERVED
        self._counter += 1
        return RequestId(self._installation, self._counter)

    def installation(self) -> int:
        """The number that begins new ids."""
        with failures_told(self.path):
            ((installation,),) = self.connection.execute("select installation from own")
            return int(installation)

    def renumber(self) -> None:
        """A new installation number: somebody uses a copy of this archive, and its ids."""
        self._counter = self._reserved = 0
        self._do("update own set installation = ?, counter = 0", (secrets.randbits(INSTALLATION_BITS),))

    # -- people -----------------------------------------------------------------------------------------------
    def roster(self) -> list[RosterRow]:
        """The roster as it was last heard."""
        with failures_told(self.path):
            rows = self.connection.execute("select name, key, status, group_name, kind, addresses from roster")
            return [
                RosterRow(name, key, status, group, kind, tuple(msgspec.json.decode(addresses)))
                for name, key, status, group, kind, addresses in rows
            ]

    def keep_roster(self, rows: Sequence[RosterRow], *, full: bool) -> None:
        """Stores rows, instead of all others if `full`; a name seen for the first time is pinned to its key."""
        with failures_told(self.path), self.connection:
            if full:
                self.connection.execute("delete from roster")
            for row in rows:
                values = (
                    row.name,
                    row.key,
                    row.status,
                    row.group,
                    row.kind,
                    msgspec.json.encode(row.addresses).decode(),
                )
                self.connection.execute("insert or replace into roster values (?, ?, ?, ?, ?, ?)", values)
                self.connection.execute("insert into pins values (?, ?) on conflict do nothing", (row.name, row.key))

    def pins(self) -> dict[str, str]:
        """The key that each name had at first sight, or that was trusted since."""
        with failures_told(self.path):
            return dict(self.connection.execute("select name, key from pins"))

    def pin(self, name: str, key: str) -> None:
        """From now on the name is trusted with this key."""
        self._do("insert or replace into pins values (?, ?)", (name, key))

    # -- groups -----------------------------------------------------------------------------------------------
    def resume(self, group: str) -> tuple[str, Resume] | None:
        """The group's name, and what this archive holds of its log."""
        with failures_told(self.path):
            select = "select name, id, epoch, position, position_id from groups where id = ?"
            row = self.connection.execute(select, (group,)).fetchone()
            return None if row is None else (row[0], Resume(*row[1:]))

    def resume_by_name(self, name: str) -> Resume | None:
        """What this archive holds of the group of that name."""
        with failures_told(self.path):
            select = "select id, epoch, position, position_id from groups where name = ?"
            row = self.connection.execute(select, (name,)).fetchone()
            return None if row is None else Resume(*row)

    def enter(self, group: str, name: str, epoch: int, start: int) -> bool:
        """One is a member now, and entries after `start` follow. Whether the archive held more than that: then the log
        is an older copy, and what it lost stays here under the old epoch."""
        with failures_told(self.path), self.connection:
            select = "select position, shown from groups where id = ?"
            row = self.connection.execute(select, (group,)).fetchone()
            lost = row is not None and row[0] > start
            shown = start if row is None else min(row[1], start) if lost else row[1]
            position_id = "" if row is None or row[0] != start else None
            upsert = (
                "insert into groups values (?, ?, ?, ?, '', ?) on conflict (id) do update set"
                " name = excluded.name, epoch = excluded.epoch, position = excluded.position,"
                " position_id = coalesce(?, position_id), shown = excluded.shown"
            )
            self.connection.execute(upsert, (group, name, epoch, start, shown, position_id))
            self.connection.execute("update own set focus = ?", (group,))
        return lost

    def keep_entries(self, epoch: int, entries: Sequence[Entry]) -> None:
        """Stores consecutive entries of one group, and where that brings its position."""
        last = entries[-1]
        with failures_told(self.path), self.connection:
            self.connection.executemany(
                "insert or replace into entries values (?, ?, ?, ?, ?, ?, ?, ?)",
                ((e.group, epoch, e.seq, e.at, e.by, e.id, e.kind, e.body) for e in entries),
            )
            update = "update groups set position = ?, position_id = ? where id = ?"
            self.connection.execute(update, (last.seq, last.id, last.group))

    def unshown(self, group: str) -> list[Entry]:
        """Entries that the archive has and whose shown mark it hasn't: an earlier process may have shown them."""
        with failures_told(self.path):
            rows = self.connection.execute(
                "select e.group_id, e.seq, e.at, e.author, e.id, e.kind, e.body from entries e"
                " join groups g on g.id = e.group_id and g.epoch = e.epoch"
                " where g.id = ? and e.seq > g.shown and e.seq <= g.position order by e.seq",
                (group,),
            )
            return [Entry(*row) for row in rows]

    def mark_shown(self, group: str, seq: int) -> None:
        """The entries up to that number have been written to the screen."""
        self._do("update groups set shown = ? where id = ? and shown < ?", (seq, group, seq))

    # -- the outbox -------------------------------------------------------------------------------------------
    def keep_request(self, id: RequestId, group: str, body: str) -> None:
        """A group message is written down before it is sent."""
        self._do("insert into outbox values (?, ?, ?, ?)", (*id, group, body))

    def forget_request(self, id: RequestId) -> None:
        """The server has acknowledged or refused it."""
        self._do("delete from outbox where installation = ? and counter = ?", tuple(id))

    def kept_requests(self) -> list[SendGroup]:
        """Group messages that an earlier process left behind, in order."""
        with failures_told(self.path):
            rows = self.connection.execute("select installation, counter, group_id, body from outbox order by rowid")
            return [SendGroup(str(RequestId(*row[:2])), *row[2:]) for row in rows]

    def _do(self, statement: str, values: "apsw.Bindings") -> None:
        with failures_told(self.path):
            self.connection.execute(statement, values)
