"""Fixtures: aysha and sana, who know each other, and others as they are needed."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from .people import Make, Person, introduce


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes people; closes their links at the end, when nothing of them may have died unexpectedly."""
    people: list[Person] = []

    def make(name: str) -> Person:
        people.append(Person(name))
        return people[-1]

    yield make
    for person in people:
        if hasattr(person, "direct"):
            await person.close()
    assert [person.deaths.get_nowait() for person in people if not person.deaths.empty()] == []


@pytest.fixture
async def aysha(make: Make) -> Person:
    return await make("aysha").open()


@pytest.fixture
async def sana(make: Make, aysha: Person) -> Person:
    sana = await make("sana").open()
    introduce(aysha, sana)
    return sana


@pytest.fixture
async def strangers() -> AsyncIterator[contextlib.AsyncExitStack]:
    """Ends those who are pushed on it."""
    async with contextlib.AsyncExitStack() as strangers:
        yield strangers
