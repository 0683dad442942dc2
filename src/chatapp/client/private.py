"""Private messages as the client speaks of them. Pure."""

from typing import Literal, NamedTuple

from chatapp.model.ids import RequestId


class Sent(NamedTuple):
    """A private message of one's own. id: its counter is the recipient's own."""

    recipient: str
    id: RequestId
    at: int
    body: str


class Received(NamedTuple):
    """A private message to oneself. number: this archive's, in the order of arrival; due: the screen should have it."""

    number: int
    sender: str
    at: int
    body: str
    state: Literal["held", "due", "shown"]
