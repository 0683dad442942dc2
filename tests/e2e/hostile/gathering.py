"""How a test's people come together in a group, and what texts are compared by."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from chatapp.model.messages import Created, CreateGroup, Joined, JoinGroup
from harness.pipes import PipeClient
from harness.terminal import Terminal
from harness.wire import WireClient

ENTERED = ">>> [Entered group skii successfully.]"
MARKER = "and on it goes"
TABLE_UPDATED = ">>> [Client table updated.]"
RECEIVED = ">>> (skii) [Message received by Server.]"


def acquaint(first: PipeClient | Terminal, second: PipeClient | Terminal) -> None:
    """They came in this order: each has the other in the roster when this returns."""
    first.expect(TABLE_UPDATED, TABLE_UPDATED)
    second.expect(TABLE_UPDATED)


def gather(*people: PipeClient | Terminal) -> None:
    """The first one creates the group skii; all join it, and each one there sees the others come."""
    people[0].type("create_group skii")
    people[0].expect(">>> [Group skii created by Server.]")
    for number, person in enumerate(people):
        person.type("join_group skii")
        person.expect(ENTERED)
        for other in people[:number]:
            other.expect(f">>> (skii) [{person.name} joined.]")


def gather_wires(*wires: WireClient) -> str:
    """The same for bare speakers of the protocol; returns the group's id."""
    group = wires[0].ask(CreateGroup(wires[0].fresh_id(), "skii"), Created).group
    for wire in wires:
        wire.ask(JoinGroup(wire.fresh_id(), "skii"), Joined)
    return group


def exchange_markers(one: PipeClient | Terminal, other: PipeClient | Terminal) -> None:
    """One says MARKER, the other answers: what came before, both have on their screens and in their archives."""
    for speaker, hearer, text in ((one, other, MARKER), (other, one, "so it does")):
        speaker.type(f"send_group {text}")
        hearer.expect(f">>> (skii) Group_Message <{speaker.name}>: {text}")


class Fingerprint(NamedTuple):
    """Of a text that is too long to be shown where it differs."""

    size: int
    digest: str


def fingerprints(texts: Iterable[str]) -> list[Fingerprint]:
    """Equal if and only if the texts are, byte for byte."""
    encoded = [text.encode() for text in texts]
    return [Fingerprint(len(text), sha256(text).hexdigest()[:16]) for text in encoded]
