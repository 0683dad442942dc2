"""Private messages in the archive: the outbox for each recipient, and what was received, each once."""

from typing import Literal

from chatapp.client.archive import Archive
from chatapp.client.private import Received, Sent
from chatapp.model.ids import RequestId
from chatapp.store.database import failures_told


class PrivateArchive:
    """The private messages in `archive`. Raises StorageFailed."""

    def __init__(self, archive: Archive) -> None:
        self._connection = archive.connection
        self._path = archive.path

    def enqueue(self, recipient: str, installation: int, at: int, body: str) -> Sent:
        """Writes a message down before it is sent, with the next counter of that recipient."""
        with failures_told(self._path), self._connection:
            select = "select coalesce(max(counter), 0) from private_sent where recipient = ? and installation = ?"
            ((newest,),) = self._connection.execute(select, (recipient, installation))
            insert = (
                "insert into private_sent (recipient, installation, counter, at, body, acked) values (?, ?, ?, ?, ?, 0)"
            )
            self._connection.execute(insert, (recipient, installation, newest + 1, at, body))
        return Sent(recipient, RequestId(installation, newest + 1), at, body)

    def unacked(self) -> list[Sent]:
        """What no recipient has acknowledged, oldest first."""
        with failures_told(self._path):
            rows = self._connection.execute(
                "select recipient, installation, counter, at, body from private_sent where acked = 0 order by number"
            )
            return [Sent(row[0], RequestId(row[1], row[2]), row[3], row[4]) for row in rows]

    def mark_acked(self, sent: Sent) -> None:
        """The recipient's own device has it."""
        update = "update private_sent set acked = 1 where recipient = ? and installation = ? and counter = ?"
        with failures_told(self._path):
            self._connection.execute(update, (sent.recipient, *sent.id))

    def renumber(self, sent: Sent, installation: int) -> Sent:
        """Gives a message that isn't acknowledged a new id: its old one was used for something else."""
        with failures_told(self._path), self._connection:
            select = "select coalesce(max(counter), 0) from private_sent where recipient = ? and installation = ?"
            ((newest,),) = self._connection.execute(select, (sent.recipient, installation))
            update = (
                "update private_sent set installation = ?, counter = ?"
                " where recipient = ? and installation = ? and counter = ?"
            )
            self._connection.execute(update, (installation, newest + 1, sent.recipient, *sent.id))
        return sent._replace(id=RequestId(installation, newest + 1))

    def correspondents(self, count: int) -> list[str]:
        """Whom one wrote to or heard from most recently."""
        with failures_told(self._path):
            rows = self._connection.execute(
                "select name from (select recipient as name, at from private_sent"
                " union all select sender, at from private_received) group by name order by max(at) desc limit ?",
                (count,),
            )
            return [name for (name,) in rows]

    def receive(
        self, sender: str, key: str, id: RequestId, at: int, body: str, state: Literal["held", "due"]
    ) -> Received | Literal["double", "conflict"]:
        """Stores a message and then marks it, unless that id has come before: with this text, or with another."""
        with failures_told(self._path), self._connection:
            select = "select counter from high_water where key = ? and installation = ?"
            row = self._connection.execute(select, (key, id.installation)).fetchone()
            if row is not None and id.counter <= row[0]:
                select = "select body from private_received where key = ? and installation = ? and counter = ?"
                before = self._connection.execute(select, (key, *id)).fetchone()
                return "double" if before == (body,) else "conflict"
            ((number,),) = self._connection.execute(
                "insert into private_received (sender, key, installation, counter, at, body, state)"
                " values (?, ?, ?, ?, ?, ?, ?) returning number",
                (sender, key, *id, at, body, state),
            )
            self._connection.execute("insert or replace into high_water values (?, ?, ?)", (key, *id))
        return Received(number, sender, at, body, state)

    def unshown(self) -> list[Received]:
        """What is held or due, in the order of arrival."""
        with failures_told(self._path):
            rows = self._connection.execute(
                "select number, sender, at, body, state from private_received where state != 'shown' order by number"
            )
            return [Received(*row) for row in rows]

    def mark_due(self, upto: int) -> None:
        """What was held up to that number is to be shown now."""
        self._set("due", "held", upto)

    def mark_shown(self, upto: int) -> None:
        """What was due up to that number has been written to the screen."""
        self._set("shown", "due", upto)

    def _set(self, state: str, before: str, upto: int) -> None:
        update = "update private_received set state = ? where state = ? and number <= ?"
        with failures_told(self._path):
            self._connection.execute(update, (state, before, upto))
