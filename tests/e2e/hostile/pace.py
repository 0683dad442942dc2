"""The pace of a conversation: how fast two people talk, alone and beside somebody's hostile doings."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import NamedTuple

from harness.pipes import PipeClient

_MESSAGES = 100
_SLOWER_AT_MOST = 10.0
"""A hostile load on a machine of two cores takes its share of them; a server that is held up is slower by far more."""


class Pace(NamedTuple):
    """One message after the other, each from the line typed to the line read."""

    messages_per_s: float
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.messages_per_s:.0f} messages/s, p99 {self.p99_ms:.1f} ms"


def pace(speaker: PipeClient, hearer: PipeClient, about: str, *, privately: bool = False) -> Pace:
    """Measures it, in the group skii or in private messages."""
    command = f"send {hearer.name}" if privately else "send_group"
    start = f">>> {speaker.name}" if privately else f">>> (skii) Group_Message <{speaker.name}>"
    times_s = []
    for number in range(_MESSAGES):
        began = monotonic()
        speaker.type(f"{command} {about} {number}")
        hearer.expect(f"{start}: {about} {number}")
        times_s.append(monotonic() - began)
    return Pace(len(times_s) / sum(times_s), sorted(times_s)[_MESSAGES * 99 // 100] * 1000)


def compared(alone: Pace, beside: Pace, what: str) -> str:
    """The figures as a line. Raises AssertionError if the conversation was held up."""
    line = f"{what}: {beside}; without: {alone}"
    assert beside.messages_per_s * _SLOWER_AT_MOST > alone.messages_per_s, line
    return line


@contextmanager
def again_and_again(act: Callable[[], None]) -> Iterator[Sequence[int]]:
    """Does it in a thread for as long as the context lasts; the list's length says how often. An error of `act` ends
    it, and is raised at the end."""
    done: list[int] = []
    errors: list[BaseException] = []
    over = threading.Event()

    def work() -> None:
        try:
            while not over.is_set():
                act()
                done.append(len(done))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()
    for error in errors:
        raise error
