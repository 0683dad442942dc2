"""What is told to a face: one queue, in order, so that an answer and what follows it can't change places."""

import asyncio
from collections import deque
from typing import Any

from chatapp.model.limits import EVENTS_MAX


class Told:
    """Anything may be put; whoever produces much waits for `room` first."""

    def __init__(self) -> None:
        self._queue: deque[Any] = deque()
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def put(self, event: object) -> None:
        """Behind all that was put before."""
        self._queue.append(event)
        self._came.set()
        if len(self._queue) >= EVENTS_MAX:
            self._room.clear()

    async def get(self) -> Any:
        """The next event."""
        while not self._queue:
            self._came.clear()
            await self._came.wait()
        event = self._queue.popleft()
        if len(self._queue) < EVENTS_MAX:
            self._room.set()
        return event

    async def room(self) -> None:
        """Returns when the face isn't far behind."""
        await self._room.wait()
