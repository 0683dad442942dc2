"""The store of one machine: an SQLite file, one writer, readers apart.

Within a transaction a group's counter row and a client's membership are read once and kept in a dictionary, so that
a message costs one statement, its INSERT; the unique index finds a repeated id.
"""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import apsw
import msgspec

from chatapp.core.snapshot import Snapshot, StoredClient, StoredEntry, StoredGroup
from chatapp.core.writes import (
    Append,
    Appended,
    Create,
    Enrol,
    Enrolled,
    Entered,
    Join,
    KeepCursors,
    Kept,
    Leave,
    NotGranted,
    Outcome,
    Position,
    Say,
    Write,
)
from chatapp.model.errors import StorageFailed
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import EntryKind
from chatapp.store.database import failures_told, open_database

_SCHEMA = files("chatapp.store") / "schema"
_INSERT = "insert into entries values (?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteStore:
    """A `Store` in the file `path`. Raises CannotStart when the file can't be used."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._writer = open_database(path, _SCHEMA)
        self._reader = apsw.Connection(self._path, flags=apsw.SQLITE_OPEN_READONLY)

    def load(self) -> Snapshot:
        """What the store holds."""
        with failures_told(self._path):
            members: dict[int, set[ClientNumber]] = {}
            for client, group in self._reader.execute("select client, group_number from members"):
                members.setdefault(group, set()).add(client)
            cursors: dict[int, dict[ClientNumber, int]] = {}
            for client, group, seq in self._reader.execute("select client, group_number, seq from cursors"):
                cursors.setdefault(group, {})[client] = seq
            return Snapshot(
                clients=tuple(
                    StoredClient(number, name, key, kind, tuple(msgspec.json.decode(addresses)))
                    for number, name, key, kind, addresses in self._reader.execute(
                        "select number, name, key, kind, addresses from clients"
                    )
                ),
                groups=tuple(
                    StoredGroup(
                        number, id, name, epoch, head, frozenset(members.get(number, ())), cursors.get(number, {})
                    )
                    for number, id, name, epoch, head in self._reader.execute(
                        "select number, id, name, epoch, head from groups"
                    )
                ),
            )

    def commit(self, writes: Sequence[Write]) -> list[Outcome]:
        """One transaction, one fsync. Raises StorageFailed: then none of the writes happened."""
        with failures_told(self._path):
            self._writer.execute("begin immediate")
            try:
                transaction = _Transaction(self._writer)
                outcomes = [transaction.apply(write) for write in writes]
                transaction.settle()
                self._writer.execute("commit")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("rollback")
                raise
            return outcomes

    def entries(self, group: GroupNumber, after: int, entries_max: int, bytes_max: int) -> list[StoredEntry]:
        """Entries after that number."""
        with failures_told(self._path):
            rows = self._reader.execute(
                "select seq, at, client, installation, counter, kind, body from entries"
                " where group_number = ? and seq > ? order by seq limit ?",
                (group, after, entries_max),
            )
            read: list[StoredEntry] = []
            size = 0
            for seq, at, client, installation, counter, kind, body in rows:
                read.append(StoredEntry(seq, at, client, RequestId(installation, counter), kind, body))
                size += len(body.encode())
                if size >= bytes_max:
                    break
            return read

    def mentions(self, client: ClientNumber, group: GroupNumber, after: int) -> int:
        """How many entries after that number mention the client."""
        with failures_told(self._path):
            select = "select count(*) from mentions where client = ? and group_number = ? and seq > ?"
            (count,) = self._reader.execute(select, (client, group, after))
            return int(count[0])

    def close(self) -> None:
        """Closes both connections; the last one to close folds the WAL into the file."""
        with failures_told(self._path):
            self._reader.close()
            self._writer.close()


class _Transaction:
    """The writes of one batch, applied in order to an open transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._execute = connection.execute
        self._heads: dict[GroupNumber, int] = {}
        self._groups: dict[ClientNumber, GroupNumber | None] = {}

    def apply(self, write: Write) -> Outcome:
        """Settles the write's guards and does it."""
        match write:
            case Say():
                return self._say(write)
            case Join():
                return self._join(write)
            case Leave():
                return self._leave(write)
            case Create():
                return self._create(write)
            case Enrol():
                return self._enrol(write)
            case KeepCursors():
                for row in write.rows:
                    self._execute(
                        "insert into cursors values (?, ?, ?) on conflict do update set seq = excluded.seq", row
                    )
                return Kept()

    def settle(self) -> None:
        """Writes the counter rows back: once for each group, however many entries it got."""
        for group, head in self._heads.items():
            self._execute("update groups set head = ? where number = ?", (head, group))

    def _say(self, write: Say) -> Outcome:
        if self._group_of(write.client) != write.group:
            return self._repeated(write, write.group, "text", write.body) or NotGranted("not_member")
        outcome = self._append(write, write.group, "text", write.body)
        if write.mentions and isinstance(outcome, Appended) and not outcome.repeated:
            for client in write.mentions:
                self._execute("insert into mentions values (?, ?, ?)", (client, write.group, outcome.seq))
        return outcome

    def _join(self, write: Join) -> Outcome:
        row = self._execute("select number from groups where name = ?", (write.group,)).fetchone()
        if row is None:
            return NotGranted("no_such_group")
        group = GroupNumber(row[0])
        outcome = self._repeated(write, group, "joined", "")
        if outcome is None:
            current = self._group_of(write.client)
            if current not in (None, group):
                return NotGranted("in_group")
            if current is None:
                outcome = self._append(write, group, "joined", "")
                self._execute("insert into members values (?, ?)", (write.client, group))
                self._groups[write.client] = group
        match outcome:
            case NotGranted():
                return outcome
            case Appended(seq=seq, at=at, repeated=repeated):
                if not repeated:
                    # The first time one starts at one's own join entry; later, where one was.
                    start = "insert into cursors values (?, ?, ?) on conflict do nothing"
                    self._execute(start, (write.client, group, seq - 1))
                return Entered(group, seq, at, repeated, *self._compare(group, write.held, repeated))
            case _:
                return Entered(group, None, write.at, False, *self._compare(group, write.held, repeated=False))

    def _compare(self, group: GroupNumber, held: Position | None, repeated: bool) -> tuple[int, bool]:
        """The log epoch, and whether the log has what the client holds; if not, a new epoch begins, once."""
        holds = held is None or self._is_at(group, held)
        if not holds and not repeated:
            self._execute("update groups set epoch = epoch + 1 where number = ?", (group,))
        ((epoch,),) = self._execute("select epoch from groups where number = ?", (group,))
        return epoch, holds

    def _is_at(self, group: GroupNumber, held: Position) -> bool:
        select = "select installation, counter from entries where group_number = ? and seq = ?"
        return bool(self._execute(select, (group, held.seq)).fetchone() == tuple(held.id))

    def _leave(self, write: Leave) -> Outcome:
        repeated = self._repeated(write, write.group, "left", write.reason)
        if repeated is not None:
            return repeated
        group = self._group_of(write.client)
        if group is None or write.group not in (None, group):
            return NotGranted("not_member")
        self._execute("delete from members where client = ?", (write.client,))
        self._groups[write.client] = None
        return self._append(write, group, "left", write.reason)

    def _create(self, write: Create) -> Outcome:
        repeated = self._repeated(write, None, "created", write.name)
        if repeated is not None:
            return repeated
        if self._group_of(write.client) is not None:
            return NotGranted("in_group")
        row = self._execute(
            "insert into groups (id, name, epoch, head) values (?, ?, 1, 0)"
            " on conflict (name) do nothing returning number",
            (write.group_id, write.name),
        ).fetchone()
        if row is None:
            return NotGranted("group_exists")
        return self._append(write, GroupNumber(row[0]), "created", write.name)

    def _enrol(self, write: Enrol) -> Outcome:
        row = self._execute("select number, key from clients where name = ?", (write.name,)).fetchone()
        addresses = msgspec.json.encode(write.addresses).decode()
        if row is None:
            insert = "insert into clients (name, key, kind, addresses) values (?, ?, ?, ?) returning number"
            (row,) = self._execute(insert, (write.name, write.key, write.kind, addresses))
        elif row[1] != write.key:
            return NotGranted("name_taken")
        else:
            self._execute("update clients set addresses = ? where number = ?", (addresses, row[0]))
        return Enrolled(ClientNumber(row[0]))

    def _append(self, write: Append, group: GroupNumber, kind: EntryKind, body: str) -> Outcome:
        seq = self._head(group) + 1
        try:
            self._execute(_INSERT, (group, seq, write.at, write.client, *write.id, kind, body))
        except apsw.ConstraintError:
            repeated = self._repeated(write, group, kind, body)
            if repeated is None:
                raise
            return repeated
        self._heads[group] = seq
        return Appended(group, seq, write.at)

    def _repeated(self, write: Append, group: GroupNumber | None, kind: EntryKind, body: str) -> Outcome | None:
        """The first answer, if this id has come before; a conflict, if it came with other content."""
        row = self._execute(
            "select group_number, seq, at, kind, body from entries"
            " where client = ? and installation = ? and counter = ?",
            (write.client, *write.id),
        ).fetchone()
        if row is None:
            return None
        if row[3:] != (kind, body) or group not in (None, row[0]):
            return NotGranted("id_conflict")
        return Appended(GroupNumber(row[0]), row[1], row[2], repeated=True)

    def _head(self, group: GroupNumber) -> int:
        head = self._heads.get(group)
        if head is None:
            row = self._execute("select head from groups where number = ?", (group,)).fetchone()
            if row is None:
                raise StorageFailed(f"group {group} has entries to come but no counter row")
            head = self._heads[group] = int(row[0])
        return head

    def _group_of(self, client: ClientNumber) -> GroupNumber | None:
        if client not in self._groups:
            row = self._execute("select group_number from members where client = ?", (client,)).fetchone()
            self._groups[client] = None if row is None else GroupNumber(row[0])
        return self._groups[client]
