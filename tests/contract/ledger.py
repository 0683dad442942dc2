"""What a store must answer, said in the simplest way: dictionaries, and no batches, files or transactions.

The contract's property test compares every store with it.
"""

from chatapp.core.snapshot import StoredEntry
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
from chatapp.model.ids import ClientNumber, GroupNumber, RequestId
from chatapp.model.messages import EntryKind


class Ledger:
    """The roster, and the logs."""

    def __init__(self) -> None:
        self.clients: dict[str, tuple[ClientNumber, bytes, tuple[str, ...]]] = {}
        self.groups: dict[str, GroupNumber] = {}
        self.logs: dict[GroupNumber, list[StoredEntry]] = {}
        self.epochs: dict[GroupNumber, int] = {}
        self.inside: dict[ClientNumber, GroupNumber] = {}
        self.cursors: dict[tuple[ClientNumber, GroupNumber], int] = {}
        self.mentions: list[tuple[ClientNumber, GroupNumber, int]] = []

    def apply(self, write: Write) -> Outcome:
        """What becomes of the write, after all that came before."""
        match write:
            case Enrol():
                return self._enrol(write)
            case Create():
                return self._create(write)
            case Join():
                return self._join(write)
            case Leave():
                return self._leave(write)
            case Say():
                return self._say(write)
            case KeepCursors():
                self.cursors |= {(client, group): seq for client, group, seq in write.rows}
                return Kept()

    def _enrol(self, write: Enrol) -> Outcome:
        number, key, _ = self.clients.get(write.name, (ClientNumber(len(self.clients) + 1), write.key, ()))
        if key != write.key:
            return NotGranted("name_taken")
        self.clients[write.name] = (number, key, write.addresses)
        return Enrolled(number)

    def _create(self, write: Create) -> Outcome:
        if found := self._first(write):
            return self._again(found, None, "created", write.name)
        if write.client in self.inside:
            return NotGranted("in_group")
        if write.name in self.groups:
            return NotGranted("group_exists")
        group = self.groups[write.name] = GroupNumber(len(self.groups) + 1)
        self.logs[group], self.epochs[group] = [], 1
        return self._append(write, group, "created", write.name)

    def _join(self, write: Join) -> Outcome:
        group = self.groups.get(write.group)
        if group is None:
            return NotGranted("no_such_group")
        seq, at, repeated = None, write.at, False
        if found := self._first(write):
            again = self._again(found, group, "joined", "")
            if isinstance(again, NotGranted):
                return again
            seq, at, repeated = found[1].seq, found[1].at, True
        elif self.inside.get(write.client, group) != group:
            return NotGranted("in_group")
        elif write.client not in self.inside:
            seq = self._append(write, group, "joined", "").seq
            self.inside[write.client] = group
            self.cursors.setdefault((write.client, group), seq - 1)
        holds = write.held is None or self._has(group, write.held)
        if not holds and not repeated:
            self.epochs[group] += 1
        return Entered(group, seq, at, repeated, self.epochs[group], holds)

    def _leave(self, write: Leave) -> Outcome:
        if found := self._first(write):
            return self._again(found, write.group, "left", write.reason)
        group = self.inside.get(write.client)
        if group is None or write.group not in (None, group):
            return NotGranted("not_member")
        del self.inside[write.client]
        return self._append(write, group, "left", write.reason)

    def _say(self, write: Say) -> Outcome:
        if found := self._first(write):
            return self._again(found, write.group, "text", write.body)
        if self.inside.get(write.client) != write.group:
            return NotGranted("not_member")
        appended = self._append(write, write.group, "text", write.body)
        self.mentions += [(client, write.group, appended.seq) for client in write.mentions]
        return appended

    def _append(self, write: Append, group: GroupNumber, kind: EntryKind, body: str) -> Appended:
        seq = len(self.logs[group]) + 1
        self.logs[group].append(StoredEntry(seq, write.at, write.client, RequestId(*write.id), kind, body))
        return Appended(group, seq, write.at)

    def _first(self, write: Append) -> tuple[GroupNumber, StoredEntry] | None:
        """Where this client's id came before."""
        for group, log in self.logs.items():
            for entry in log:
                if (entry.client, entry.id) == (write.client, write.id):
                    return group, entry
        return None

    def _again(
        self, found: tuple[GroupNumber, StoredEntry], group: GroupNumber | None, kind: EntryKind, body: str
    ) -> Appended | NotGranted:
        where, entry = found
        if group not in (None, where) or (entry.kind, entry.body) != (kind, body):
            return NotGranted("id_conflict")
        return Appended(where, entry.seq, entry.at, repeated=True)

    def _has(self, group: GroupNumber, held: Position) -> bool:
        log = self.logs[group]
        return 0 < held.seq <= len(log) and log[held.seq - 1].id == held.id
