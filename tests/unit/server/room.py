"""A group's log, and the fan-out that delivers it, as the tests of the fan-out drive them."""

import asyncio

from chatapp.model.ids import GroupNumber
from chatapp.model.limits import CATCH_UP_BYTES_MAX, CATCH_UP_ENTRIES_MAX
from chatapp.model.messages import Cursors, Entry, Probe
from chatapp.protocol.codec import frame
from chatapp.server.counts import Counts
from chatapp.server.fanout import Fanout
from chatapp.tasks import TaskKeeper

from .other_end import OtherEnd

SKII, OTHER = GroupNumber(1), GroupNumber(2)
MARKER = Probe(77)
RECEIPTS = Cursors("skii", (("sana", 3),), (), 0.1)


class Room:
    """A group's log, and the fan-out that delivers it."""

    def __init__(self) -> None:
        self.log: list[Entry] = []
        self.counts = Counts()
        self.reads = 0
        self.disk = asyncio.Event()
        self.disk.set()
        self.deaths: list[BaseException] = []
        self.tasks = TaskKeeper(lambda name, error: self.deaths.append(error))
        self.fanout = Fanout(self._read_log, self.counts, self.tasks.start)

    async def _read_log(self, group: GroupNumber, after: int) -> list[Entry]:
        self.reads += 1
        await self.disk.wait()
        size, entries = 0, []
        for entry in self.log[after : after + CATCH_UP_ENTRIES_MAX]:
            entries.append(entry)
            size += len(entry.body)
            if size >= CATCH_UP_BYTES_MAX:
                break
        return entries

    def commits(self, body: str = "hi") -> Entry:
        """The entry is in the log; nobody has been told so yet."""
        self.log.append(Entry("skii", len(self.log) + 1, 0, "aysha", "a-1", "text", body))
        return self.log[-1]

    def says(self, body: str = "hi") -> None:
        """An entry is durable, and delivered."""
        self.fanout.grow(SKII, self.commits(body))

    def lets_in(self, end: OtherEnd, after: int = 0) -> None:
        self.fanout.deliver(end.link, SKII, after, len(self.log))

    def marks(self, end: OtherEnd) -> None:
        """Sends what comes after all that was sent before."""
        self.fanout.send(end.link, frame(MARKER))
