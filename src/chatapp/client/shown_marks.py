"""Shown-marks: a line is written first and marked then, so that after a kill it may come again, and none is skipped."""

import asyncio

from chatapp.client.home import Home
from chatapp.client.link import Start
from chatapp.client.private import Received
from chatapp.model.messages import Entry

_EVERY_S = 0.1
"""Marks are stored this often at most: the last lines before a kill may come again."""


class ShownMarks:
    """Gathers marks and stores them a little later."""

    def __init__(self, home: Home, start: Start) -> None:
        self._home = home
        self._start = start
        self._entries: dict[str, int] = {}
        self._private = 0
        self._scheduled = False

    def entry(self, entry: Entry) -> None:
        """The entry's line is on the screen."""
        self._entries[entry.group] = entry.seq
        self._schedule()

    def private(self, received: Received) -> None:
        """The message's line is on the screen."""
        self._private = max(self._private, received.number)
        self._schedule()

    def write(self) -> None:
        """Stores the marks now; in the archive's thread, or when that has nothing else to do."""
        entries, self._entries = self._entries, {}
        for group, seq in entries.items():
            self._home.archive.mark_shown(group, seq)
        private, self._private = self._private, 0
        if private:
            self._home.private.mark_shown(private)

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._start(self._write_later(), "shown marks")

    async def _write_later(self) -> None:
        await asyncio.sleep(_EVERY_S)
        self._scheduled = False
        await self._home.run(self.write)
