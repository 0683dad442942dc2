"""How a test waits: for an event that a thread reports, with a patience that only matters when it fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

Found = TypeVar("Found")

PATIENCE_S = 30.0
"""Far longer than anything takes, so that only what never happens runs into it."""


@contextmanager
def lasting(span_s: float) -> Iterator[None]:
    """What happens inside takes at least so long: the span of a fault, which real time has to pass for.

    Never a way to wait for something.
    """
    end_s = monotonic() + span_s
    yield
    threading.Event().wait(max(0.0, end_s - monotonic()))


class NotSeen(AssertionError):
    """What the test waited for didn't come; the message says what came instead."""


class Watched:
    """Something that threads change and a test waits on. Changes are made, and looked at, under `changed`."""

    def __init__(self) -> None:
        self.changed = threading.Condition()

    def wait(
        self,
        look: Callable[[], Found | None],
        failure: Callable[[], str],
        *,
        over: Callable[[], bool] = lambda: False,
        patience_s: float = PATIENCE_S,
    ) -> Found:
        """What `look` finds, as soon as it finds something.

        look, failure and over are called under the lock. over: whether nothing more can come, so that waiting is vain.
        Raises NotSeen with the text of `failure`.
        """
        deadline = monotonic() + patience_s
        with self.changed:
            while (found := look()) is None:
                if over():
                    raise NotSeen(f"{failure()}\n(nothing more can come)")
                if not self.changed.wait(deadline - monotonic()):
                    raise NotSeen(f"{failure()}\n(waited {patience_s:g} s)")
            return found
