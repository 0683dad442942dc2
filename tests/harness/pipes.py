"""A process behind pipes: what it prints are lines, what is typed is a line too."""

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.journal import ERROR, SAID, TYPED, Journal
from harness.lines import Expected, Lines, indented
from harness.processes import Process, Setting
from harness.waiting import PATIENCE_S, NotSeen

READ_BYTES_MAX = 64 * 1024


class Typist:
    """Writes to a descriptor in its own thread, so that a test never hangs on a process that doesn't read."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def type(self, data: bytes) -> None:
        """Writes it after what was typed before."""
        self._queue.put(data)

    def end(self) -> None:
        """Closes the descriptor when everything is written."""
        self._queue.put(None)

    def _write(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                while data:
                    data = data[os.write(self._descriptor, data) :]
        except OSError:
            pass  # the process has ended: its exit status tells
        finally:
            os.close(self._descriptor)


def read_in_thread(descriptor: int, feed: Callable[[bytes], None], close: Callable[[], None]) -> threading.Thread:
    """Feeds what comes from the descriptor, closes at its end."""

    def read() -> None:
        try:
            while data := os.read(descriptor, READ_BYTES_MAX):
                feed(data)
        except OSError:
            pass  # a pseudo-terminal's end, on Linux
        finally:
            os.close(descriptor)
            close()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


class PipedProcess(Process):
    """A process whose stdin, stdout and stderr are pipes."""

    def __init__(
        self, name: str, command: Sequence[str], journal: Journal, home: Path, settings: Mapping[str, Setting]
    ) -> None:
        super().__init__(name, command, journal, home, settings)
        self._out = Lines(name, SAID, journal)
        self._err = Lines(name, ERROR, journal)
        self._typist: Typist | None = None
        self._readers: list[threading.Thread] = []

    def _spawn(self, variables: dict[str, str]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self.command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.home,
            env=variables,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._typist = Typist(os.dup(process.stdin.fileno()))
        process.stdin.close()
        self._readers = []
        for stream, lines in ((process.stdout, self._out), (process.stderr, self._err)):
            lines.open()
            self._readers.append(read_in_thread(os.dup(stream.fileno()), lines.feed, lines.close))
            stream.close()
        return process

    def _drain(self, patience_s: float) -> None:
        for reader in self._readers:
            reader.join(patience_s)
            assert not reader.is_alive(), f"{self.name} has ended, but something still holds its output"
        self.end_of_input()

    @property
    def lines(self) -> list[str]:
        """All that it printed on stdout; `line not in people.lines` after a marker is how a negative is tested."""
        return self._out.all

    @property
    def errors(self) -> list[str]:
        """All that it printed on stderr."""
        return self._err.all

    def expect(self, *expected: Expected, patience_s: float = PATIENCE_S) -> str:
        """Waits for these lines on stdout after the last one found, others between them; returns the last."""
        try:
            return self._out.expect(*expected, patience_s=patience_s)
        except NotSeen as error:
            if not self._out.is_open:
                self._err.wait_for_end()  # the reason may still be on its way
            raise NotSeen(f"{error}\non its stderr\n{indented(self.errors)}") from None

    def expect_in_any_order(self, *expected: Expected, patience_s: float = PATIENCE_S) -> None:
        """Waits for each of these lines on stdout, whichever comes first."""
        self._out.expect_in_any_order(*expected, patience_s=patience_s)

    def expect_error(self, *expected: Expected, patience_s: float = PATIENCE_S) -> str:
        """Waits for these lines on stderr."""
        return self._err.expect(*expected, patience_s=patience_s)

    def type(self, line: str) -> None:
        """Types the line and a line break."""
        self.type_bytes(line.encode() + b"\n")

    def type_bytes(self, data: bytes) -> None:
        """Types bytes as they are: text that isn't UTF-8, half a line."""
        assert self._typist is not None, f"{self.name} can't be typed to: it doesn't run, or its input has ended"
        self._journal.note(self.name, TYPED, data.decode(errors="backslashreplace").removesuffix("\n"))
        self._typist.type(data)

    def end_of_input(self) -> None:
        """Nothing more will be typed (what was typed before is still delivered)."""
        if self._typist is not None:
            self._typist.end()
            self._typist = None

    def transcript(self) -> str:
        """stdout, then stderr."""
        return f"stdout:\n{indented(self.lines)}\nstderr:\n{indented(self.errors)}"


class PipeClient(PipedProcess):
    """A client in whose pipes a script could sit."""
