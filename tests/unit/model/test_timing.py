"""RFC 6298, section 2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.model.limits import ACK_TIMEOUT_MAX_S
from chatapp.model.timing import RoundTrip

seconds = st.floats(0, 30)


def after(*samples: float, floor_s: float = 0.0) -> RoundTrip:
    path = RoundTrip(floor_s)
    for sample in samples:
        path.sample(sample)
    return path


def test_before_any_measurement_it_is_one_second() -> None:
    """(2.1)"""
    assert RoundTrip(0.5).timeout_s == 1.0
    assert RoundTrip(3.0).timeout_s == 3.0


def test_the_first_measurement() -> None:
    """(2.2) SRTT <- R, RTTVAR <- R/2, RTO <- SRTT + 4 RTTVAR"""
    path = after(1.0)

    assert (path.smoothed_s, path.variation_s, path.timeout_s) == (1.0, 0.5, 3.0)


def test_a_subsequent_measurement() -> None:
    """(2.3) RTTVAR <- 3/4 RTTVAR + 1/4 |SRTT - R'|, with the SRTT from before; SRTT <- 7/8 SRTT + 1/8 R'"""
    path = after(1.0, 2.0)

    assert path.variation_s == 0.75 * 0.5 + 0.25 * 1.0
    assert path.smoothed_s == 0.875 * 1.0 + 0.125 * 2.0
    assert path.timeout_s == 1.125 + 4 * 0.625


def test_it_is_never_below_the_floor() -> None:
    """(2.4), and protocol 3.1."""
    assert after(*[0.001] * 20, floor_s=0.5).timeout_s == 0.5


def test_it_is_never_above_the_maximum() -> None:
    """(2.5)"""
    assert after(500.0).timeout_s == ACK_TIMEOUT_MAX_S


@given(seconds)
def test_a_steady_path_is_measured_more_and_more_exactly(round_trip_s: float) -> None:
    timeouts = [after(*[round_trip_s] * n).timeout_s for n in range(1, 60)]

    assert timeouts == sorted(timeouts, reverse=True)
    assert timeouts[-1] == pytest.approx(round_trip_s, abs=1e-4)


@given(st.lists(seconds, min_size=1, max_size=50), st.sampled_from([0.05, 0.5, 2.0]))
def test_a_time_out_allows_for_the_path_as_it_was(samples: list[float], floor_s: float) -> None:
    path = after(*samples, floor_s=floor_s)

    assert path.smoothed_s is not None
    assert min(samples) * (1 - 1e-9) <= path.smoothed_s <= max(samples) * (1 + 1e-9)
    assert floor_s <= path.timeout_s <= ACK_TIMEOUT_MAX_S
    assert path.timeout_s >= path.smoothed_s * (1 - 1e-9)
