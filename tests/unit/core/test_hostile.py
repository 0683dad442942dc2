"""What a client of somebody else's making can send: refused, or a violation, and never harm to the others."""

import contextlib
from collections.abc import Callable

import pytest

from chatapp.model.errors import ProtocolViolation
from chatapp.model.messages import (
    Ack,
    Alive,
    CreateGroup,
    Dereg,
    History,
    JoinGroup,
    ListGroups,
    ListMembers,
    Message,
    Report,
    Resume,
    SendGroup,
)

from .dialogue import Conversation
from .person import Person

MAKE = Callable[[Person, int], Message]
WITH_A_NUMBER: dict[str, MAKE] = {
    "ack": lambda person, n: Ack(person.talk.group("skii"), n),
    "alive": lambda person, n: Alive(n),
    "history from": lambda person, n: History(person.new_id(), person.talk.group("skii"), n, 1),
    "history count": lambda person, n: History(person.new_id(), person.talk.group("skii"), 1, n),
    "resume": lambda person, n: JoinGroup(
        person.new_id(), "skii", Resume(person.talk.group("skii"), 1, n, "00000000000000aa-1")
    ),
    "resumed epoch": lambda person, n: JoinGroup(
        person.new_id(), "skii", Resume(person.talk.group("skii"), n, 1, "00000000000000aa-1")
    ),
}
WITH_A_NAME: dict[str, Callable[[Person, str], Message]] = {
    "create": lambda person, name: CreateGroup(person.new_id(), name),
    "join": lambda person, name: JoinGroup(person.new_id(), name),
    "dereg": lambda person, name: Dereg(person.new_id(), name),
    "report": lambda person, name: Report(person.new_id(), name),
    "groups after": lambda person, name: ListGroups(person.new_id(), name),
    "members after": lambda person, name: ListMembers(person.new_id(), person.talk.group("skii"), name),
}


@pytest.mark.parametrize("number", [-(1 << 70), -(1 << 63) - 1, -1, 1 << 53, (1 << 63) - 1, 1 << 63, 1 << 70])
@pytest.mark.parametrize("what", WITH_A_NUMBER)
def test_a_number_out_of_all_bounds(talk: Conversation, what: str, number: int) -> None:
    aysha, sana = talk.group_of("aysha", "sana")
    with contextlib.suppress(ProtocolViolation):
        aysha.sends(WITH_A_NUMBER[what](aysha, number))

    sana.says("the conversation goes on")
    assert sana.texts == ["the conversation goes on"]


@pytest.mark.parametrize("name", ["\x00", "a" * 100_000, "\ufdfa" * 1000, "%s", "'; drop table entries; --"])
@pytest.mark.parametrize("what", WITH_A_NAME)
def test_a_name_that_is_none(talk: Conversation, what: str, name: str) -> None:
    aysha, sana = talk.group_of("aysha", "sana")
    with contextlib.suppress(ProtocolViolation):
        aysha.sends(WITH_A_NAME[what](aysha, name))

    sana.says("the conversation goes on")
    assert sana.texts == ["the conversation goes on"]
    assert talk.members("skii") == {"aysha", "sana"}


def test_a_text_full_of_mentions_counts_each_of_a_few(talk: Conversation) -> None:
    aysha, sana = talk.group_of("aysha", "sana")
    body = "@sana " * 1000
    aysha.says(body)

    assert sana.texts == [body]


def test_a_message_as_somebody_else_is_ones_own(talk: Conversation) -> None:
    """The entry says who sent it, whatever its id claims."""
    aysha, sana = talk.group_of("aysha", "sana")
    aysha.sends(SendGroup(sana.new_id(), talk.group("skii"), "I am sana"))

    assert [entry.by for entry in sana.entries if entry.kind == "text"] == ["aysha"]
