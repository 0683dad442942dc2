"""The one place that creates tasks: each has a name, a keeper, and somebody who hears of its death."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class TaskKeeper:
    """on_death: called with a task's name and the exception that ended it; cancellation isn't death."""

    def __init__(self, on_death: Callable[[str, BaseException], None]) -> None:
        self._on_death = on_death
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Runs the coroutine as a task that is kept until it ends."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_death(task.get_name(), error)

    async def close(self) -> None:
        """Cancels all tasks but the caller's own, and waits until they have ended."""
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
