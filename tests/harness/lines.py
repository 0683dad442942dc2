"""Lines that a process prints, in the order they came; a test reads along and never twice."""

import re
from collections.abc import Iterable

from harness.journal import Journal
from harness.waiting import PATIENCE_S, Watched

Expected = str | re.Pattern[str]
"""A line, exactly; or a pattern that a whole line must match."""


def matches(expected: Expected, line: str) -> bool:
    """Whether the line is the expected one."""
    return line == expected if isinstance(expected, str) else expected.fullmatch(line) is not None


def written(expected: Expected) -> str:
    """The expected line as a failure shows it."""
    return expected if isinstance(expected, str) else f"/{expected.pattern}/"


def indented(lines: Iterable[str]) -> str:
    """The lines as a block of a failure's text."""
    return "\n".join(f"    {line}" for line in lines) or "    (nothing)"


class Lines(Watched):
    """One stream's lines. A reader thread feeds it; `expect` waits for a line after the last one it found."""

    def __init__(self, who: str, mark: str, journal: Journal) -> None:
        super().__init__()
        self._who, self._mark, self._journal = who, mark, journal
        self._lines: list[str] = []
        self._rest = b""
        self._read = 0
        self._open = False

    def open(self) -> None:
        """A process writes to it from now on."""
        with self.changed:
            self._open = True

    def feed(self, data: bytes) -> None:
        """What the process wrote. Bytes that aren't UTF-8 stay visible as \\xNN."""
        *lines, rest = (self._rest + data).split(b"\n")
        with self.changed:
            self._rest = rest
            for line in lines:
                self._add(line)
            self.changed.notify_all()

    def close(self) -> None:
        """The process wrote its last byte."""
        with self.changed:
            if self._rest:
                self._add(self._rest)
            self._rest, self._open = b"", False
            self.changed.notify_all()

    def _add(self, line: bytes) -> None:
        text = line.decode(errors="backslashreplace")
        self._lines.append(text)
        self._journal.note(self._who, self._mark, text)

    @property
    def is_open(self) -> bool:
        """Whether a process still writes to it."""
        return self._open

    def wait_for_end(self, patience_s: float = PATIENCE_S) -> None:
        """Waits until everything is read."""
        self.wait(lambda: not self._open or None, lambda: f"{self._who} was to end", patience_s=patience_s)

    @property
    def all(self) -> list[str]:
        """Every line so far."""
        with self.changed:
            return list(self._lines)

    def expect(self, *expected: Expected, patience_s: float = PATIENCE_S) -> str:
        """Waits for these lines, in this order, others between them; returns the last."""
        found = ""
        for line in expected:
            found = self._expect(line, patience_s)
        return found

    def expect_in_any_order(self, *expected: Expected, patience_s: float = PATIENCE_S) -> None:
        """Waits for each of these lines; reading goes on after the last of them."""
        start = end = self._read
        for line in expected:
            self._read = start
            self._expect(line, patience_s)
            end = max(end, self._read)
        self._read = end

    def _expect(self, expected: Expected, patience_s: float) -> str:
        position = self._read

        def look() -> str | None:
            nonlocal position
            while position < len(self._lines):
                line = self._lines[position]
                position += 1
                if matches(expected, line):
                    self._read = position
                    return line
            return None

        def failure() -> str:
            came = [*self._lines[self._read :], *([self._rest.decode(errors="backslashreplace")] if self._rest else [])]
            return f"{self._who} was to print\n{indented([written(expected)])}\nand printed\n{indented(came)}"

        return self.wait(look, failure, over=lambda: not self._open, patience_s=patience_s)
