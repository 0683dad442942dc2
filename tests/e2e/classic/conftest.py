"""How the people of the classic dialogues come together."""

import pytest

from harness.people import PROMPT, People
from harness.processes import Setting
from harness.server import Server
from harness.terminal import Terminal

from .words import BROADCAST, GROUPS, REGISTERED, WELCOME, Gather, Person

PATIENT_S = 3
"""The shortest time that an answer has in a dialogue that isn't about time-outs: longer than any machine is busy."""


def acquainted(server: Server, everybody: list[Person]) -> list[Person]:
    """Back when each of those who are starting has all others in the roster."""
    for person in everybody:
        person.expect(WELCOME)
        if isinstance(person, Terminal):
            person.wait_for_prompt(PROMPT)
    server.expect(*[REGISTERED] * len(everybody), BROADCAST)
    for person in everybody:
        person.type("list_groups")  # answered on the same connection, and so behind the roster
        person.expect(GROUPS)
    return everybody


@pytest.fixture
def gather_in_pipes(server: Server, people: People) -> Gather:
    """Brings people together who know of each other, all in pipes."""

    def gather(*names: str, **settings: Setting) -> list[Person]:
        people.settings = {"ack_timeout_s": PATIENT_S} | settings
        return acquainted(server, [people.pipe(name, welcome=False) for name in names])

    return gather


@pytest.fixture(params=["pipes", "terminal"])
def gather(request: pytest.FixtureRequest, server: Server, people: People) -> Gather:
    """The same, and in a second run the one who is named first sits at a terminal."""

    def gather(*names: str, **settings: Setting) -> list[Person]:
        people.settings = {"ack_timeout_s": PATIENT_S} | settings
        others = [people.pipe(name, welcome=False) for name in names[1:]]
        if request.param == "terminal":
            return acquainted(server, [people.terminal(names[0], welcome=False, columns=120), *others])
        return acquainted(server, [people.pipe(names[0], welcome=False), *others])

    return gather
