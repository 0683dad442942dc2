"""Where lines go and where typed lines come from; here without a terminal: a pipe, a file, another program."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

_TYPED_AHEAD_MAX = 64
"""Lines read from a pipe before they can be obeyed."""
_READ_BYTES = 65536


class Screen(Protocol):
    """One task writes to it."""

    async def show(self, lines: Sequence[str]) -> None:
        """Writes the lines; when it returns they are out of our hands."""
        ...

    async def hold(self, lines: Sequence[str]) -> None:
        """The notice of held messages is this now, or nothing."""
        ...

    def typed(self) -> AsyncIterator[str]:
        """The lines that are typed, until the end of input."""
        ...

    def echo(self, typed: str) -> str:
        """What stays on the screen of a line that was typed."""
        ...

    def close(self) -> None:
        """Gives the terminal back as it was."""
        ...


class Pipe:
    """Plain lines on standard output, each flushed; no prompt, no echo, and the notice is a line of its own."""

    def __init__(self) -> None:
        self._typed: asyncio.Queue[str | None] = asyncio.Queue()
        self._room = threading.Semaphore(_TYPED_AHEAD_MAX)
        self._loop = asyncio.get_running_loop()
        # A thread, since a file can't be awaited; a daemon, since nobody can interrupt its reading.
        threading.Thread(target=self._read, name="standard input", daemon=True).start()

    async def show(self, lines: Sequence[str]) -> None:
        """Writes and flushes. Raises BrokenPipeError when nobody reads any more."""
        for line in lines:
            sys.stdout.write(line + "\n")
        sys.stdout.flush()

    async def hold(self, lines: Sequence[str]) -> None:
        """The grown line, once more."""
        await self.show(lines)

    async def typed(self) -> AsyncIterator[str]:
        """Lines without their line break; what isn't UTF-8 has surrogates in it."""
        while (line := await self._typed.get()) is not None:
            self._room.release()
            yield line

    def echo(self, typed: str) -> str:
        """A pipe shows what comes out of it, not what goes in."""
        return ""

    def close(self) -> None:
        """What nobody reads is given to nobody, lest Python complain of it at the very end."""
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def _read(self) -> None:
        # The file descriptor itself: Python's own buffer has a lock, which a thread that is killed would still hold.
        pending = bytearray()
        with contextlib.suppress(RuntimeError, OSError):  # the loop has ended before the input, or there is none
            while data := os.read(0, _READ_BYTES):
                pending += data
                *lines, pending = pending.split(b"\n") if b"\n" in data else [pending]
                for line in lines:
                    self._give(line)
            if pending:
                self._give(pending)
            self._loop.call_soon_threadsafe(self._typed.put_nowait, None)

    def _give(self, line: bytearray) -> None:
        self._room.acquire()
        text = line.removesuffix(b"\r").decode(errors="surrogateescape")
        self._loop.call_soon_threadsafe(self._typed.put_nowait, text)
