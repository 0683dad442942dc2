"""What went through a proxy, and waiting for it."""

from collections.abc import Callable
from typing import Literal

from harness.waiting import PATIENCE_S, Watched

Side = Literal["client", "server"]
"""Towards whom."""
SIDES: tuple[Side, Side] = ("client", "server")


class Figures(Watched):
    """Sums since the beginning. A byte is taken when it has left its sender, and passed when it is delivered."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.taken: dict[Side, int] = {"client": 0, "server": 0}
        self.passed: dict[Side, int] = {"client": 0, "server": 0}
        self.connections = 0
        self.open = 0

    def count(
        self, *, towards: Side = "server", taken: int = 0, passed: int = 0, connections: int = 0, opened: int = 0
    ) -> None:
        """Adds to the sums and wakes who waits for them."""
        with self.changed:
            self.taken[towards] += taken
            self.passed[towards] += passed
            self.connections += connections
            self.open += opened
            self.changed.notify_all()

    def withheld(self, towards: Side) -> int:
        """Bytes that are taken and not delivered to that side: on their way, or never to arrive."""
        return self.taken[towards] - self.passed[towards]

    def wait_for_passed(self, count: int, towards: Side, patience_s: float = PATIENCE_S) -> None:
        """Waits until so many bytes have been delivered to that side, ever."""
        self._wait_until(lambda: self.passed[towards] >= count, f"deliver {count} bytes to the {towards}", patience_s)

    def wait_for_withheld(self, count: int, towards: Side, patience_s: float = PATIENCE_S) -> None:
        """Waits until so many bytes have left their sender without arriving."""
        self._wait_until(
            lambda: self.withheld(towards) >= count, f"withhold {count} bytes from the {towards}", patience_s
        )

    def wait_for_connections(self, count: int, patience_s: float = PATIENCE_S) -> None:
        """Waits until so many connections have been taken, ever."""
        self._wait_until(lambda: self.connections >= count, f"take {count} connections", patience_s)

    def wait_until_open(self, count: int, patience_s: float = PATIENCE_S) -> None:
        """Waits until exactly so many connections join their two ends."""
        self._wait_until(lambda: self.open == count, f"have {count} connections open", patience_s)

    def _wait_until(self, reached: Callable[[], bool], what: str, patience_s: float) -> None:
        def failure() -> str:
            return (
                f"{self.name} was to {what}; it has taken {self.taken}, passed {self.passed}, "
                f"{self.connections} connections, {self.open} of them open"
            )

        self.wait(lambda: reached() or None, failure, patience_s=patience_s)
