"""The lines of CLASSIC.md that several tests wait for, and the exchange of a typed line for its answer."""

from collections.abc import Callable

from harness.pipes import PipeClient
from harness.terminal import Terminal

Person = PipeClient | Terminal
Gather = Callable[..., list[Person]]
"""Brings the people of these names together; the fixtures `gather` and `gather_in_pipes`."""

WELCOME = ">>> [Welcome, You are registered.]"
NAME_USED = ">>> [Cannot register with a name already used.]"
TABLE_UPDATED = ">>> [Client table updated.]"
CLIENTS = ">>> [Clients:]"
GROUPS = ">>> [Available group chats:]"
ENTERED = ">>> [Entered group skii successfully.]"
LEFT = ">>> [Leave group chat skii.]"
STORED = ">>> (skii) [Message received by Server.]"
MEMBERS = ">>> (skii) [Members in the group skii:]"
OUTSIDE = ">>> You are not in a group chat so you cannot see its members"
BYE = ">>> [You are Offline. Bye.]"
NOT_RESPONDING = ">>> [Server not responding]"
EXITING = ">>> [Exiting]"
DEAD = ">>> [Server not responding. You can still send private messages.]"
LOST = ">>> [Server not responding, reconnecting.]"
REGAINED = ">>> [Connected again.]"
REMOVED = ">>> [You did not respond and were removed from group skii.]"
REGISTERED = ">>> [Server table updated via new registration.]"
DEREGISTERED = ">>> [Server table updated via deregistration.]"
BROADCAST = ">>> Broadcasted the updated table"


def received_by(name: str) -> str:
    """A private message has arrived."""
    return f">>> [Message received by {name}.]"


def not_delivered_to(name: str) -> tuple[str, str]:
    """A private message hasn't, and what becomes of it."""
    return (
        f">>> [No ACK from {name}, message not delivered]",
        f">>> [The message waits here until {name} or the server is back.]",
    )


def said(name: str, text: str) -> str:
    """A message to the group."""
    return f">>> (skii) Group_Message <{name}>: {text}"


def announced(name: str, what: str) -> str:
    """A member came or went."""
    return f">>> (skii) [{name} {what}]"


def waiting(count: int, whose: str) -> str:
    """The one line of held messages."""
    if count == 1:
        return f">>> (skii) [1 private message is waiting, from {whose}. It is shown when you leave the group.]"
    return f">>> (skii) [{count} private messages are waiting, from {whose}. They are shown when you leave the group.]"


def exchange(person: Person, typed: str, *answer: str) -> None:
    """Types the line; its answer is these lines, and nothing stands before or between them, but for the table's line,
    which comes when others please."""
    before = len(person.lines)
    person.type(typed)
    person.expect(*answer)
    heard = [line for line in person.lines[before:] if line != TABLE_UPDATED]
    if isinstance(person, Terminal):
        echo = heard.pop(0)
        assert echo in (f">>> {typed}", f">>> (skii) {typed}"), f"{person.name} typed {typed!r}, there stands {echo}"
    assert heard[: len(answer)] == list(answer), f"{person.name} typed {typed!r} and heard {heard}"


def expect_all(person: Person, *lines: str) -> None:
    """Waits for each of the lines, whichever comes first."""
    if isinstance(person, Terminal):
        for line in lines:
            person.wait_for(line)
    else:
        person.expect_in_any_order(*lines)


def enter(*people: Person) -> None:
    """They join the group skii, one after the other; the first creates it. Each one there hears of the next."""
    exchange(people[0], "create_group skii", ">>> [Group skii created by Server.]")
    for number, person in enumerate(people):
        exchange(person, "join_group skii", ENTERED)
        for other in people[:number]:
            other.expect(announced(person.name, "joined."))
