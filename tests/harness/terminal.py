"""A process in a real pseudo-terminal, and the screen that a person would see."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pyte

from harness.journal import TYPED, Journal
from harness.lines import Expected, indented, matches, written
from harness.pipes import Typist, read_in_thread
from harness.processes import Process, Setting
from harness.screen import Screen
from harness.waiting import PATIENCE_S, Found, Watched

_KEYS = {
    "enter": "\r",
    "escape-enter": "\x1b\r",
    "tab": "\t",
    "backspace": "\x7f",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    **{f"ctrl-{letter}": chr(ord(letter) & 0x1F) for letter in "abcdefghijklmnopqrstuvwxyz"},
}
_IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes the pseudo-terminal the controlling one, as a login does: Ctrl-C and hang-up become signals."""


class Terminal(Process, Watched):
    """A process whose stdin, stdout and stderr are a terminal of `columns` by `rows`.

    answers_queries: whether the terminal answers where its cursor is; some don't, and CLASSIC asks for both to work.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        journal: Journal,
        home: Path,
        settings: Mapping[str, Setting],
        *,
        columns: int = 100,
        rows: int = 30,
        answers_queries: bool = False,
    ) -> None:
        Process.__init__(self, name, command, journal, home, settings)
        Watched.__init__(self)
        self._screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        if answers_queries:
            self._screen.write_process_input = self._answer  # type: ignore[method-assign]
        self._raw = bytearray()
        self._read = 0
        self._open = False
        self._typist: Typist | None = None
        self._reader: threading.Thread | None = None

    # -- the process --------------------------------------------------------------------------------------------
    def _spawn(self, variables: dict[str, str]) -> subprocess.Popen[bytes]:
        controller, terminal = os.openpty()
        size = struct.pack("HHHH", self._screen.lines, self._screen.columns, 0, 0)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)
        with self.changed:
            self._screen.scroll_away()
            self._open = True
        self._typist = Typist(os.dup(controller))
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _IN_TERMINAL, *self.command],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=self.home,
            env=variables,
            start_new_session=True,
        )
        os.close(terminal)
        self._reader = read_in_thread(controller, self._feed, self._close)
        return process

    def _drain(self, patience_s: float) -> None:
        assert self._reader is not None
        self._reader.join(patience_s)
        assert not self._reader.is_alive(), f"{self.name} has ended, but something still holds its terminal"
        if self._typist is not None:
            self._typist.end()
            self._typist = None

    def _feed(self, data: bytes) -> None:
        with self.changed:
            self._raw += data
            self._stream.feed(data)
            self.changed.notify_all()

    def _close(self) -> None:
        with self.changed:
            self._open = False
            self.changed.notify_all()

    def _answer(self, data: str) -> None:
        self._type_keys(data.encode())

    # -- typing -------------------------------------------------------------------------------------------------
    def type(self, line: str) -> None:
        """Types the line and presses Enter."""
        self.type_keys(line)
        self.key("enter")

    def type_keys(self, text: str) -> None:
        """Types the text and nothing more."""
        self._journal.note(self.name, TYPED, text)
        self._type_keys(text.encode())

    def key(self, name: str) -> None:
        """Presses a key: enter, escape-enter (Alt+Enter), tab, backspace, up, down, left, right, home, end, ctrl-a …"""
        self._journal.note(self.name, TYPED, f"[{name}]")
        self._type_keys(_KEYS[name].encode())

    def paste(self, text: str) -> None:
        """Pastes the text, in the brackets that terminals put around it, line breaks as they send them."""
        self._journal.note(self.name, TYPED, f"[pastes] {text}")
        pasted = text.replace("\n", "\r")
        self._type_keys(f"\x1b[200~{pasted}\x1b[201~".encode())

    def _type_keys(self, data: bytes) -> None:
        assert self._typist is not None, f"{self.name} can't be typed to: it doesn't run"
        self._typist.type(data)

    def hang_up(self) -> None:
        """The window is closed: what a terminal does then is SIGHUP."""
        self.signal(signal.SIGHUP)

    # -- seeing -------------------------------------------------------------------------------------------------
    @property
    def lines(self) -> list[str]:
        """All lines since the start, those that scrolled away too, except the one the cursor is in."""
        with self.changed:
            return self._finished()

    @property
    def raw(self) -> bytes:
        """Every byte that the terminal was sent."""
        with self.changed:
            return bytes(self._raw)

    def screen(self) -> list[str]:
        """The screen as it is now, right-stripped, without empty rows at its end."""
        with self.changed:
            return self._screen.rows()

    def _finished(self) -> list[str]:
        lines, cursor_line = self._screen.text_lines()
        return lines[:cursor_line] if self._open or not lines[cursor_line] else lines

    def expect(self, *expected: Expected, patience_s: float = PATIENCE_S) -> str:
        """Waits for these lines above the cursor's, after the last one found, others between; returns the last."""
        found = ""
        for line in expected:
            found = self._expect(line, patience_s)
        return found

    def _expect(self, expected: Expected, patience_s: float) -> str:
        def look() -> str | None:
            lines = self._finished()
            for number in range(min(self._read, len(lines)), len(lines)):
                if matches(expected, lines[number]):
                    self._read = number + 1
                    return lines[number]
            return None

        return self._wait_seeing(look, [written(expected)], patience_s)

    def wait_for(self, expected: Expected, *, patience_s: float = PATIENCE_S) -> str:
        """Waits until the screen has that line, be it the one that is being typed. Nothing counts as read."""

        def look() -> str | None:
            return next((line for line in self._screen.text_lines()[0] if matches(expected, line)), None)

        return self._wait_seeing(look, [written(expected)], patience_s)

    def wait_for_prompt(self, prompt: Expected = ">>>", *, patience_s: float = PATIENCE_S) -> str:
        """Waits until that is the line that the cursor is in: from then on keys reach the program one by one."""

        def look() -> str | None:
            lines, cursor_line = self._screen.text_lines()
            return lines[cursor_line] if matches(prompt, lines[cursor_line]) else None

        return self._wait_seeing(look, [written(prompt)], patience_s)

    def wait_for_screen(self, *rows: str, patience_s: float = PATIENCE_S) -> None:
        """Waits until the screen is exactly these rows (right-stripped, without empty rows at its end)."""

        def look() -> bool | None:
            if self._screen.rows() != list(rows):
                return None
            self._read = min(self._read, len(self._finished()))  # a screen that was cleared is read anew
            return True

        self._wait_seeing(look, rows, patience_s)

    def _wait_seeing(self, look: Callable[[], Found | None], expected: Iterable[str], patience_s: float) -> Found:
        def failure() -> str:
            return f"{self.name} was to see\n{indented(expected)}\nand sees\n{self.transcript()}"

        return self.wait(look, failure, over=lambda: not self._open, patience_s=patience_s)

    def transcript(self) -> str:
        """All lines, and what the screen is now."""
        with self.changed:
            lines, screen = self._finished(), self._screen.rows()
        return f"lines:\n{indented(lines)}\nscreen:\n{indented(screen)}"
