"""The log-in of one connection, as the server sees it (protocol section 4).

    opened --connected--> challenged --register--> enrolling --welcome--> ready
                              |                        |
                              +--------- refused ------+---> closed

Only the listed pairs are steps; any other message in a state is the client's violation, named by the state.
"""

from enum import Enum
from typing import Literal

from chatapp.model.errors import ProtocolViolation


class State(Enum):
    """Where the connection is."""

    OPENED = "opened"
    CHALLENGED = "challenged"
    ENROLLING = "enrolling"
    READY = "ready"
    CLOSED = "closed"


Event = Literal["connected", "register", "message", "welcome", "refused"]

STEPS: dict[tuple[State, Event], State] = {
    (State.OPENED, "connected"): State.CHALLENGED,
    (State.CHALLENGED, "register"): State.ENROLLING,
    (State.CHALLENGED, "refused"): State.CLOSED,
    (State.ENROLLING, "welcome"): State.READY,
    (State.ENROLLING, "refused"): State.CLOSED,
    (State.READY, "message"): State.READY,
}

VIOLATIONS: dict[tuple[State, Event], tuple[str, str]] = {
    (State.CHALLENGED, "message"): ("register_first", "log in before anything else"),
    (State.ENROLLING, "message"): ("too_early", "wait for welcome"),
    (State.ENROLLING, "register"): ("too_early", "wait for welcome"),
    (State.READY, "register"): ("registered_already", "one session, one name"),
}


def step(state: State, event: Event) -> State:
    """The next state. Raises ProtocolViolation for what a client mustn't do there."""
    following = STEPS.get((state, event))
    if following is None:
        code, text = VIOLATIONS.get((state, event), ("closed", "this connection is closing"))
        raise ProtocolViolation(code, text)
    return following
