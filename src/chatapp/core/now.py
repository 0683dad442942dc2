"""Time as an argument."""

from typing import NamedTuple


class Now(NamedTuple):
    """clock_s: monotonic, for all that is waited for; at: milliseconds since 1970, for people to read."""

    clock_s: float
    at: int
