"""An event loop in a thread of its own, for the harness's proxies: a test that waits doesn't hold them up."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from harness.waiting import PATIENCE_S

Result = TypeVar("Result")


class Reachable(Protocol):
    """What has an address: a server, a proxy."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


class LoopThread:
    """Runs until it is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The coroutine's result, from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def close(self) -> None:
        """Cancels what still runs and ends the thread."""
        if self._loop.is_closed():
            return
        self.run(_cancel_others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def until(when_s: float) -> None:
    """Returns at that time of the loop's clock: how a proxy makes its delays."""
    loop = asyncio.get_running_loop()
    if when_s > loop.time():
        due: asyncio.Future[None] = loop.create_future()
        timer = loop.call_at(when_s, settle, due)
        try:
            await due
        finally:
            timer.cancel()


def settle(future: asyncio.Future[None]) -> None:
    """Ends the waiting for it."""
    if not future.done():
        future.set_result(None)
