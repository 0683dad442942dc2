"""The appender: what is submitted becomes durable in order, many submissions in one transaction (group commit).

One thread owns the store's writer. It takes everything that waits, commits it, and hands the outcomes back to the
loop; while it waits for the disk, the next batch gathers. Nothing is answered before its commit, and nothing overtakes.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from chatapp.core.effects import Submit
from chatapp.core.writes import Outcome, Say
from chatapp.model.errors import StorageFailed
from chatapp.model.limits import APPEND_QUEUE_BYTES_MAX, APPEND_QUEUE_WRITES_MAX
from chatapp.store.base import Store

Settled = Sequence[tuple[Submit, Outcome | None]]


class Appender:
    """on_settled: gets each batch in the loop's thread, with the seconds its commit took; on_failure: the store failed,
    and nothing of that batch or after it is settled."""

    def __init__(
        self,
        store: Store,
        on_settled: Callable[[Settled, float], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._store = store
        self._on_settled = on_settled
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Submit] = deque()
        self._wake = threading.Event()
        self._wake_scheduled = False
        self._closing = False
        self._unsettled = 0
        self._unsettled_bytes = 0
        self._commit_began: float | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._thread = threading.Thread(target=self._run, name="appender", daemon=True)
        self._thread.start()

    @property
    def unsettled(self) -> int:
        """How many submissions are waiting or being committed."""
        return self._unsettled

    def commit_takes_s(self) -> float:
        """How long the commit that is under way takes already; nothing can be answered before it is over."""
        began = self._commit_began
        return 0.0 if began is None else monotonic() - began

    @property
    def has_room(self) -> bool:
        """Whether sockets may be read."""
        return self._room.is_set()

    async def wait_for_room(self) -> None:
        """Returns when the queue is below its bounds."""
        await self._room.wait()

    def submit(self, submit: Submit) -> None:
        """Settles `submit` after all that was submitted before it; at once, if there is nothing to wait for."""
        if submit.write is None and self._unsettled == 0:
            self._on_settled([(submit, None)], 0.0)
            return
        self._unsettled += 1
        if isinstance(submit.write, Say):
            self._unsettled_bytes += len(submit.write.body)
        if self._unsettled >= APPEND_QUEUE_WRITES_MAX or self._unsettled_bytes >= APPEND_QUEUE_BYTES_MAX:
            self._room.clear()
        self._waiting.append(submit)
        if not self._wake_scheduled:  # after this iteration of the loop, so that one commit has all that it submits
            self._wake_scheduled = True
            self._loop.call_soon(self._wake_thread)

    async def close(self) -> None:
        """Settles what was submitted, then ends the thread."""
        self._closing = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # what the thread handed back last is settled in the loop's next turn

    def _wake_thread(self) -> None:
        self._wake_scheduled = False
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            batch = self._take()
            if batch:
                self._commit_began = started = monotonic()
                try:
                    outcomes = iter(self._store.commit([submit.write for submit in batch if submit.write is not None]))
                except BaseException as error:
                    self._loop.call_soon_threadsafe(self._on_failure, error)
                    if isinstance(error, StorageFailed):
                        return
                    raise
                self._commit_began = None
                settled = [(submit, None if submit.write is None else next(outcomes)) for submit in batch]
                self._loop.call_soon_threadsafe(self._settle, settled, monotonic() - started)
            if self._closing and not self._waiting:
                return

    def _take(self) -> list[Submit]:
        batch: list[Submit] = []
        while self._waiting:
            batch.append(self._waiting.popleft())
        return batch

    def _settle(self, settled: Settled, seconds: float) -> None:
        self._unsettled -= len(settled)
        for submit, _ in settled:
            if isinstance(submit.write, Say):
                self._unsettled_bytes -= len(submit.write.body)
        if self._unsettled < APPEND_QUEUE_WRITES_MAX and self._unsettled_bytes < APPEND_QUEUE_BYTES_MAX:
            self._room.set()
        try:
            self._on_settled(settled, seconds)
        except Exception as error:  # a bug of ours: from here on memory would be behind the store
            self._on_failure(error)
