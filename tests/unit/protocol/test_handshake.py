import pytest

from chatapp.model.errors import ProtocolViolation
from chatapp.protocol.handshake import STEPS, VIOLATIONS, Event, State, step

EVENTS: tuple[Event, ...] = ("connected", "register", "message", "welcome", "refused")


def after(*events: Event) -> State:
    state = State.OPENED
    for event in events:
        state = step(state, event)
    return state


def test_a_log_in() -> None:
    assert after("connected", "register", "welcome", "message", "message") is State.READY


def test_one_that_is_refused_at_once_or_by_the_store() -> None:
    assert after("connected", "refused") is State.CLOSED
    assert after("connected", "register", "refused") is State.CLOSED


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (("connected", "message"), "register_first"),
        (("connected", "register", "message"), "too_early"),
        (("connected", "register", "register"), "too_early"),
        (("connected", "register", "welcome", "register"), "registered_already"),
        (("connected", "refused", "register"), "closed"),
        (("connected", "refused", "message"), "closed"),
    ],
)
def test_what_a_client_must_not_do(events: tuple[Event, ...], code: str) -> None:
    with pytest.raises(ProtocolViolation) as violation:
        after(*events)
    assert violation.value.code == code


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", EVENTS)
def test_each_pair_is_a_step_or_a_violation(state: State, event: Event) -> None:
    assert ((state, event) in STEPS) + ((state, event) in VIOLATIONS) <= 1
    if (state, event) in STEPS:
        assert step(state, event) is STEPS[state, event]
    else:
        with pytest.raises(ProtocolViolation):
            step(state, event)


def test_every_state_is_reached_and_closed_is_the_end() -> None:
    reached = {State.OPENED} | set(STEPS.values())

    assert reached == set(State)
    assert not [state for state, _ in STEPS if state is State.CLOSED]
