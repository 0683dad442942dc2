"""Private messages over real sockets: whole, in order, acknowledged when they are stored."""

import asyncio

import pytest

from chatapp.model.errors import StorageFailed, Unavailable
from chatapp.model.limits import (
    DIRECT_CHUNK_BYTES_MAX,
    MIB,
)

from .people import Person, soon


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("x", id="1 byte"),
        pytest.param("ä" * (DIRECT_CHUNK_BYTES_MAX // 2), id="64 KiB"),
        pytest.param("ä" * (DIRECT_CHUNK_BYTES_MAX // 2) + "x", id="64 KiB and a byte"),
        pytest.param("0123456789abcdé" * (10 * MIB // 16), id="10 MiB"),
        pytest.param("👩‍👩‍👧‍👦 שלום \u202eabc\u202c\r\n\tمرحبا  \0 \x1b[31m  \n\n", id="everything"),
    ],
)
async def test_a_text_arrives_byte_for_byte(aysha: Person, sana: Person, body: str) -> None:
    sent = aysha.message(body)
    assert await aysha.direct.send(sana.key, [sana.address], sent) == "shown"
    assert sana.arrived == [sent]


async def test_five_hundred_arrive_in_order_both_ways_at_once(aysha: Person, sana: Person) -> None:
    texts = [f"number {n}" for n in range(500)]
    await asyncio.gather(
        *(aysha.tells(sana, text) for text in texts),
        *(sana.tells(aysha, text) for text in texts),
    )
    assert sana.bodies == texts
    assert aysha.bodies == texts


async def test_the_ack_says_what_the_recipient_said(aysha: Person, sana: Person) -> None:
    sana.mode = "held"
    assert await aysha.tells(sana, "psst") == "held"


async def test_a_message_that_could_not_be_stored_is_not_acknowledged(aysha: Person, sana: Person) -> None:
    sana.disk_fails = True
    with pytest.raises(Unavailable):
        await aysha.tells(sana, "hello")
    assert isinstance(await soon(sana.deaths.get()), StorageFailed)
    sana.disk_fails = False
    assert await aysha.tells(sana, "again") == "shown"
