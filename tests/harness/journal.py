"""What happened in a test, all speakers in one column of time: what a failing test shows."""

import threading
from time import monotonic

_LINES_MAX = 500
_CHARACTERS_MAX = 160

SAID, TYPED, ERROR, DONE = ">", "<", "!", "*"
"""Printed, was typed to it, printed on stderr, was done to it."""


class Journal:
    """The notes of one test. Every thread may write."""

    def __init__(self) -> None:
        self._start = monotonic()
        self._lock = threading.Lock()
        self._notes: list[tuple[float, str, str, str]] = []

    def note(self, who: str, mark: str, text: str) -> None:
        """Notes it with the time."""
        with self._lock:
            self._notes.append((monotonic() - self._start, who, mark, text))

    def text(self) -> str:
        """The newest notes, a line each."""
        with self._lock:
            notes = self._notes[-_LINES_MAX:]
            left_out = len(self._notes) - len(notes)
        width = max((len(who) for _, who, _, _ in notes), default=0)
        lines = [f"({left_out} earlier notes)"] if left_out else []
        lines += [f"{at_s:8.3f} {who:{width}} {mark} {_short(text)}" for at_s, who, mark, text in notes]
        return "\n".join(lines)


def _short(text: str) -> str:
    """On one line, and cut."""
    text = text.replace("\n", "⏎")
    left_out = len(text) - _CHARACTERS_MAX
    return text if left_out <= 0 else f"{text[:_CHARACTERS_MAX]}… and {left_out} more characters"
