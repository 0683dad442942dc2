"""Round-trip time and the time-out that follows from it (RFC 6298, protocol 3.1)."""

from dataclasses import dataclass

from chatapp.model.limits import ACK_TIMEOUT_FIRST_S, ACK_TIMEOUT_MAX_S

_ALPHA, _BETA, _K = 1 / 8, 1 / 4, 4


@dataclass(slots=True)
class RoundTrip:
    """One path's estimate. `timeout_min_s` is the floor that configuration chose."""

    timeout_min_s: float
    smoothed_s: float | None = None
    variation_s: float = 0.0

    def sample(self, round_trip_s: float) -> None:
        """Takes a measurement of a message that was sent once (Karn: never of a retry)."""
        if self.smoothed_s is None:
            self.smoothed_s, self.variation_s = round_trip_s, round_trip_s / 2
            return
        self.variation_s += _BETA * (abs(self.smoothed_s - round_trip_s) - self.variation_s)
        self.smoothed_s += _ALPHA * (round_trip_s - self.smoothed_s)

    @property
    def timeout_s(self) -> float:
        """max(floor, smoothed + 4 variations), the larger of floor and 1 s before any measurement."""
        if self.smoothed_s is None:
            return max(self.timeout_min_s, min(ACK_TIMEOUT_FIRST_S, 2 * self.timeout_min_s))
        return min(ACK_TIMEOUT_MAX_S, max(self.timeout_min_s, self.smoothed_s + _K * self.variation_s))
