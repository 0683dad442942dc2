"""The server's screen: CLASSIC's lines and the table, without slowing the server down.

A thread of its own writes; what the screen is too slow for, and what comes faster than anybody reads, is dropped,
counted, and said so.
"""

import contextlib
import queue
import sys
import threading
from time import monotonic
from typing import Any

import msgspec

from chatapp.core.effects import Tell
from chatapp.core.world import World
from chatapp.model.limits import (
    CONSOLE_LINES_MAX,
    CONSOLE_LINES_PER_S,
    CONSOLE_TEXT_CHARACTERS_MAX,
    TABLE_INTERVAL_S,
    TABLE_ROWS_MAX,
)
from chatapp.model.lines import console_lines, table_lines
from chatapp.model.settings import ServerSettings
from chatapp.model.shown import shown_line
from chatapp.server.counts import Counts

_LAST_LINES_S = 1.0
"""How long the end of the server waits for its screen."""


class Console:
    """Writes to standard output. Message texts are shown only where that is a terminal."""

    def __init__(self, settings: ServerSettings, counts: Counts) -> None:
        self._quiet = settings.quiet
        self._json = settings.log_format == "json"
        self._shows_text = sys.stdout.isatty() and not self._json
        self._counts = counts
        self._lines: queue.Queue[str | None] = queue.Queue(CONSOLE_LINES_MAX)
        self._second = 0.0
        self._in_second = 0
        self._dropped = 0
        self._table_version = 0
        self._table_due = 0.0
        self._thread = threading.Thread(target=self._write, name="console", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """One line, as it is; for machines as an object."""
        if not self._quiet:
            self._put([line if not self._json else _as_json(what="line", text=line)])

    def tell(self, event: Tell) -> None:
        """What the core tells."""
        if self._quiet or not self._may_show():
            return
        text = shown_line(event.text, CONSOLE_TEXT_CHARACTERS_MAX) if event.text and self._shows_text else ""
        group = shown_line(event.group, CONSOLE_TEXT_CHARACTERS_MAX)  # of one that doesn't exist, it may be anything
        if self._json:
            self._put([_as_json(what=event.what, client=event.client, group=group, names=event.names)])
        else:
            self._put(console_lines(event.what, event.client, group, text, event.names[:TABLE_ROWS_MAX]))

    def show_table_if_changed(self, world: World) -> None:
        """The table after a change, at most once a second."""
        if self._quiet or self._json or world.roster_told == self._table_version or monotonic() < self._table_due:
            return
        self._table_version = world.roster_told
        self._table_due = monotonic() + TABLE_INTERVAL_S
        rows = [world.roster_row(client) for client in list(world.clients.values())[:TABLE_ROWS_MAX]]
        self._put(table_lines(rows, len(world.clients)))

    def close(self) -> None:
        """Writes what waits, for a moment."""
        with contextlib.suppress(queue.Full):  # nobody reads that screen
            self._lines.put_nowait(None)
            self._thread.join(timeout=_LAST_LINES_S)

    def _may_show(self) -> bool:
        second = monotonic() // 1
        if second != self._second:
            self._second, self._in_second = second, 0
            if self._dropped and not self._lines.full():
                dropped, self._dropped = self._dropped, 0
                self.say(f">>> [{dropped} lines were too many for this screen.]")
        self._in_second += 1
        if self._in_second > CONSOLE_LINES_PER_S:
            self._drop(1)
            return False
        return True

    def _put(self, lines: list[str]) -> None:
        try:
            self._lines.put_nowait("\n".join(lines))
        except queue.Full:
            self._drop(len(lines))

    def _drop(self, count: int) -> None:
        self._dropped += count
        self._counts.console_dropped += count

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                return  # nobody looks any more; the server goes on


def _as_json(**fields: Any) -> str:
    return msgspec.json.encode({name: value for name, value in fields.items() if value}).decode()
