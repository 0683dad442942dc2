from collections.abc import Iterator
from pathlib import Path

import pytest

from .dialogue import Conversation
from .person import Person


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Conversation]:
    talk = Conversation(tmp_path / "server.db")
    yield talk
    talk.store.close()


@pytest.fixture
def people(talk: Conversation) -> list[Person]:
    """aysha, sana and haider in skii, head 4; nobody acks by itself, and nothing told so far is remembered."""
    people = talk.group_of("aysha", "sana", "haider")
    for person in people:
        person.attentive = False
        person.forgets()
    return people


@pytest.fixture
def pair(talk: Conversation) -> tuple[Person, Person]:
    """aysha and sana in skii; sana answers nothing from now on, and the clock stands at nought."""
    aysha, sana = talk.group_of("aysha", "sana")
    sana.attentive = False
    talk.begins()
    return aysha, sana
