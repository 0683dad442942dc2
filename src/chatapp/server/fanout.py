"""Fan-out: delivery is moving each reader's cursor forward through its group's log.

An entry becomes one frame, shared by all. The frames that a group grew by since its last delivery are joined once, and
each reader that is level gets one write. Nothing is queued for a reader: one whose buffer is full falls
behind, and reads from the log (its newest part is in memory) as its buffer drains.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from chatapp.model.ids import GroupNumber, SessionNumber
from chatapp.model.limits import CATCH_UP_BYTES_MAX, TAIL_BYTES_MAX
from chatapp.model.messages import Entry
from chatapp.protocol.codec import frame
from chatapp.server.counts import Counts
from chatapp.server.links import Link

_REST_FROM_S, _REST_MAX_S = 0.001, 0.005
"""Deliveries that took longer than the first rest for as long, up to the second: what comes in meanwhile makes the
next ones larger. With 1,000 readers that is half as many writes; with 100 it would only be a delay."""
_CATCH_UP_EVERY_S = 0.01
"""How often readers that are behind are looked at, while there are any: 256 KiB each time are 25 MB/s."""

ReadLog = Callable[[GroupNumber, int], Awaitable[list[Entry]]]
"""Entries of the group after a number, as many as are worth writing at once."""


@dataclass(slots=True, eq=False)
class Reader:
    """sent: the newest number written to the link; reading: a piece of the log is being read for it."""

    link: Link
    feed: "Feed"
    sent: int
    reading: bool = False


@dataclass(slots=True, eq=False)
class Feed:
    """What a group's readers share.

    told: up to where level readers are; fresh: the frames after that, to be joined; tail: the newest frames, the first
    of them of entry `first`.
    """

    group: GroupNumber
    told: int
    head: int
    first: int
    tail: list[bytes] = field(default_factory=list)
    tail_bytes: int = 0
    fresh: list[bytes] = field(default_factory=list)
    fresh_bytes: int = 0
    level: set[Reader] = field(default_factory=set)
    behind: set[Reader] = field(default_factory=set)

    def grow(self, seq: int, data: bytes) -> None:
        """The next frame. What is told and too much for memory goes from the tail, a part of it at one time."""
        self.head = seq
        self.fresh.append(data)
        self.fresh_bytes += len(data)
        self.tail.append(data)
        self.tail_bytes += len(data)
        if self.tail_bytes > TAIL_BYTES_MAX:
            cut = 0
            while self.tail_bytes > TAIL_BYTES_MAX * 3 // 4 and self.first + cut <= self.told:
                self.tail_bytes -= len(self.tail[cut])
                cut += 1
            del self.tail[:cut]
            self.first += cut

    def frames_after(self, seq: int) -> list[bytes] | None:
        """The frames after that number, if all of them are in the tail."""
        return self.tail[seq + 1 - self.first :] if seq + 1 >= self.first else None


class Fanout:
    """Delivers to links. start: runs a coroutine as a kept task."""

    def __init__(
        self, read_log: ReadLog, counts: Counts, start: Callable[[Coroutine[Any, Any, None], str], object]
    ) -> None:
        self._read_log = read_log
        self._counts = counts
        self._start = start
        self._loop = asyncio.get_running_loop()
        self._feeds: dict[GroupNumber, Feed] = {}
        self._readers: dict[SessionNumber, Reader] = {}
        self._grown: set[GroupNumber] = set()
        self._unflushed: list[Link] = []
        self._scheduled = False
        self._delivering = False
        self._rest_until = 0.0
        self._catching_up = False

    # -- messages to single links -----------------------------------------------------------------------------
    def send(self, link: Link, data: bytes) -> None:
        """A frame for one link, in this iteration's write."""
        link.send(data, self._flush_later)

    def _flush_later(self, link: Link) -> None:
        self._unflushed.append(link)
        self._schedule()

    def send_members(self, group: GroupNumber, data: bytes) -> None:
        """A frame for every reader of the group, be it behind: receipts are differences, and none may be missed."""
        feed = self._feeds.get(group)
        if feed is not None:
            for reader in feed.level | feed.behind:
                self.send(reader.link, data)

    # -- entries ----------------------------------------------------------------------------------------------
    def deliver(self, link: Link, group: GroupNumber, after: int, head: int) -> None:
        """The link reads the group after that number from now on."""
        self.halt(link.number)
        feed = self._feeds.get(group)
        if feed is None:
            feed = self._feeds[group] = Feed(group, head, head, head + 1)
        reader = self._readers[link.number] = Reader(link, feed, after)
        feed.behind.add(reader)
        self._catch_up_soon()

    def halt(self, session: SessionNumber) -> None:
        """The link reads no more; what its group has up to now is still written, if that is possible at once."""
        reader = self._readers.pop(session, None)
        if reader is None:
            return
        feed = reader.feed
        if not (reader.reading or reader.link.is_full or reader.link.is_closing):
            frames = feed.frames_after(reader.sent)
            if frames:
                reader.link.flush()
                self._write(reader, b"".join(frames), len(frames), feed.head)
        feed.level.discard(reader)
        feed.behind.discard(reader)
        if not feed.level and not feed.behind:
            del self._feeds[feed.group]

    def grow(self, group: GroupNumber, entry: Entry) -> None:
        """The entry is durable."""
        feed = self._feeds.get(group)
        if feed is None:
            return
        feed.grow(entry.seq, frame(entry))
        self._grown.add(group)
        if not self._delivering:
            self._delivering = True
            rest_s = self._rest_until - monotonic()
            if rest_s > 0 and feed.fresh_bytes < CATCH_UP_BYTES_MAX:
                self._loop.call_later(rest_s, self._deliver_grown)
            else:
                self._loop.call_soon(self._deliver_grown)

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        unflushed, self._unflushed = self._unflushed, []
        for link in unflushed:
            link.flush()

    def _deliver_grown(self) -> None:
        """Writes what groups grew by; if that took its time, rests for as long: the more readers there are, the more
        entries each write should carry. After a quiet while the first entry goes out at once."""
        self._delivering = False
        began = monotonic()
        grown, self._grown = self._grown, set()
        for group in grown:
            feed = self._feeds.get(group)
            if feed is not None:
                self._flush_feed(feed)
        ended = monotonic()
        if ended - began > _REST_FROM_S:
            self._rest_until = ended + min(ended - began, _REST_MAX_S)

    def _flush_feed(self, feed: Feed) -> None:
        data, count, feed.told = b"".join(feed.fresh), len(feed.fresh), feed.head
        feed.fresh, feed.fresh_bytes = [], 0
        too_much = len(data) > CATCH_UP_BYTES_MAX
        for reader in [reader for reader in feed.level if too_much or reader.link.is_full]:
            feed.level.discard(reader)
            feed.behind.add(reader)
        for reader in feed.level:
            self._write(reader, data, count, feed.head)
        if feed.behind:
            self._catch_up_soon()

    def _write(self, reader: Reader, data: bytes, count: int, upto: int) -> None:
        reader.sent = upto
        if not reader.link.is_closing:
            reader.link.write(data)
            self._counts.deliveries += count
            self._counts.delivered_bytes += len(data)

    # -- readers that are behind ------------------------------------------------------------------------------
    def _catch_up_soon(self) -> None:
        if not self._catching_up:
            self._catching_up = True
            self._loop.call_soon(self._catch_up)

    def _catch_up(self) -> None:
        self._catching_up = False
        waiting = False
        for feed in list(self._feeds.values()):
            for reader in list(feed.behind):
                if not reader.reading and not reader.link.is_full and not reader.link.is_closing:
                    self._advance(feed, reader)
            waiting = waiting or bool(feed.behind)
        if waiting and not self._catching_up:
            self._catching_up = True
            self._loop.call_later(_CATCH_UP_EVERY_S, self._catch_up)

    def _advance(self, feed: Feed, reader: Reader) -> None:
        if reader.sent > feed.told:
            return  # it joined a moment ago, ahead of what level readers have been written
        reader.link.flush()  # its `joined` answer comes first
        frames = feed.frames_after(reader.sent)
        if frames is None:
            reader.reading = True
            self._start(self._read(feed, reader), f"catch up {reader.link.number}")
            return
        data: list[bytes] = []
        size = 0
        for piece in frames[: feed.told - reader.sent]:  # what came since is flushed to level readers in this iteration
            data.append(piece)
            size += len(piece)
            if size >= CATCH_UP_BYTES_MAX:
                break
        if data:
            self._write(reader, b"".join(data), len(data), reader.sent + len(data))
        if reader.sent == feed.told:
            feed.behind.discard(reader)
            feed.level.add(reader)

    async def _read(self, feed: Feed, reader: Reader) -> None:
        entries = await self._read_log(feed.group, reader.sent)
        reader.reading = False
        self._counts.catch_ups += 1
        # What the store has and the core hasn't settled yet may be for others: this reader's own removal comes first.
        entries = [entry for entry in entries if entry.seq <= feed.told]
        if entries and reader in feed.behind:
            reader.link.flush()
            data = b"".join(frame(entry) for entry in entries)
            self._write(reader, data, len(entries), entries[-1].seq)
            self._catch_up_soon()
