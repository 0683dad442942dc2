"""A terminal's screen and what scrolled off it, as lines of text.

pyte is the emulator; corrected here is what it does differently from terminals: a character of two cells that doesn't
fit at the edge wraps whole, and joiners and variation selectors stay with their character (pyte drops the rest of the
text). Remembered in addition is where a long line wrapped, so that a test reads it as the one line it is.
"""

import pyte
from pyte import modes
from pyte.screens import Margins
from wcwidth import wcwidth


class Screen(pyte.Screen):
    """`columns` by `lines` cells, and everything that left them at the top."""

    def __init__(self, columns: int, lines: int) -> None:
        self._wraps = [False] * lines
        self._scrolled: list[tuple[str, bool]] = []
        super().__init__(columns, lines)

    # -- reading ----------------------------------------------------------------------------------------------
    def rows(self) -> list[str]:
        """The screen as it is seen, right-stripped, without empty rows at its end."""
        rows = [self._row(y).rstrip() for y in range(self.lines)]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def text_lines(self) -> tuple[list[str], int]:
        """All lines from the first one ever, wrapped ones joined; and which of them the cursor is in."""
        rows = [*self._scrolled, *((self._row(y), self._wraps[y]) for y in range(self.lines))]
        cursor_row = len(self._scrolled) + self.cursor.y
        lines: list[str] = []
        line, cursor_line = "", 0
        for number, (row, wraps) in enumerate(rows):
            if number == cursor_row:
                cursor_line = len(lines)
            line += row
            if not wraps:
                lines.append(line.rstrip())
                line = ""
        while len(lines) > cursor_line + 1 and not lines[-1]:
            lines.pop()
        return lines, cursor_line

    def _row(self, y: int) -> str:
        line = self.buffer[y]
        return "".join(line[x].data for x in range(self.columns))  # the second cell of a wide character is ""

    # -- what the program does ----------------------------------------------------------------------------------
    def draw(self, data: str) -> None:
        """Text at the cursor."""
        for character in data.translate(self.g1_charset if self.charset else self.g0_charset):
            width = wcwidth(character)
            if width <= 0:
                self._attach(character)
                continue
            if self.cursor.x + width > self.columns and modes.DECAWM in self.mode:
                self._wraps[self.cursor.y] = True
                if self.cursor.x < self.columns:  # the cell that the wide character left free is no blank
                    line = self.buffer[self.cursor.y]
                    line[self.cursor.x] = line[self.cursor.x]._replace(data="")
                self.carriage_return()
                self.linefeed()
            super().draw(character)

    def _attach(self, character: str) -> None:
        """A character without a width belongs to the one before it, unless a line begins with it."""
        x = min(self.cursor.x, self.columns) - 1
        line = self.buffer[self.cursor.y]
        if x > 0 and line[x].data == "":
            x -= 1
        if x >= 0:
            line[x] = line[x]._replace(data=line[x].data + character)

    def index(self) -> None:
        """The cursor goes a row down; on the last row, everything goes one up."""
        top, bottom = self.margins or Margins(0, self.lines - 1)
        if self.cursor.y == bottom:
            wraps = self._wraps.pop(top)
            self._wraps.insert(bottom, False)
            if top == 0:
                self._scrolled.append((self._row(0), wraps))
        super().index()

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """What is erased doesn't wrap any more."""
        self._wraps[self.cursor.y] = False
        super().erase_in_line(how, private)

    def erase_in_display(self, how: int = 0, *args: object, **kwargs: object) -> None:
        """What is erased doesn't wrap any more."""
        first, last = {0: (self.cursor.y, self.lines), 1: (0, self.cursor.y)}.get(how, (0, self.lines))
        self._wraps[first:last] = [False] * (last - first)
        super().erase_in_display(how, *args, **kwargs)

    def scroll_away(self) -> None:
        """What is on the screen becomes history, as when another program starts below it."""
        for y in range(len(self.rows())):
            self._scrolled.append((self._row(y), self._wraps[y]))
        self._wraps = [False] * self.lines
        self.reset()
