"""A peer that is known, and misbehaves: its link is closed with the reason, counted, and nobody else notices."""

import asyncio
import contextlib
import re

import iroh
import pytest

from chatapp.client.direct import PeerRefused
from chatapp.model.errors import Unavailable
from chatapp.model.limits import DIRECT_HEADER_BYTES_MAX, DIRECT_PEER_BYTES_MAX, DIRECT_REFUSALS_MAX, MIB
from chatapp.protocol.direct import PrivateAck, PrivateHeader, frame

from .people import CONVERSATION, INSTALLATION, Make, Person, Stranger, goes_on, introduce, soon

ID = f"{INSTALLATION:016x}-1"


@pytest.fixture
async def haider(make: Make, sana: Person, strangers: contextlib.AsyncExitStack) -> Stranger:
    person = make("haider")
    introduce(person, sana)
    haider = await Stranger.dials(sana, person.identity)
    strangers.push_async_callback(haider.end)
    return haider


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param((DIRECT_HEADER_BYTES_MAX + 1).to_bytes(4, "big"), "too_large", id="header too long"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", "too_large", id="another protocol"),
        pytest.param(b"\0\0\0\x04junk", "bad_message", id="junk"),
        pytest.param(
            frame(PrivateHeader(ID, "aysha", "sana", 1, 5)) + b"hello, and more", "too_early", id="longer than it said"
        ),
        pytest.param(
            frame(PrivateHeader(ID, "aysha", "sana", 1, MIB)) + b"x" * 1000, "too_early", id="a long body unasked"
        ),
    ],
)
async def test_its_link_is_closed_with_the_reason(
    aysha: Person, sana: Person, haider: Stranger, data: bytes, code: str
) -> None:
    await haider.says(data)
    assert await haider.is_closed() == f"closed by peer: {code} (code 2)"
    assert sana.direct.counts == {code: 1}
    assert await goes_on(aysha, sana)
    assert sana.reads == len(CONVERSATION)


async def test_a_stream_that_ends_within_a_message(sana: Person, haider: Stranger) -> None:
    await haider.offers(5)
    await haider.says(b"hell")
    await haider.stream.send().finish()
    assert await haider.is_closed() == "closed by peer: truncated (code 2)"
    assert sana.direct.counts == {"truncated": 1}


async def test_a_stream_without_end(aysha: Person, sana: Person, haider: Stranger) -> None:
    async def stream() -> None:
        while True:
            await haider.says(b"\0\0\0\1" * 10_000)

    with pytest.raises(iroh.IrohError):
        await soon(stream())
    assert await haider.is_closed() == "closed by peer: bad_message (code 2)"
    assert await goes_on(aysha, sana)


@pytest.mark.parametrize("direction", ["both ways", "one way"])
async def test_a_second_stream(aysha: Person, sana: Person, haider: Stranger, direction: str) -> None:
    await haider.offers(5)
    if direction == "one way":
        await (await haider.connection.open_uni()).write_all(b"x")
    else:
        await (await haider.connection.open_bi()).send().write_all(b"x")
    assert await haider.is_closed() == "closed by peer: second_stream (code 2)"
    assert sana.direct.counts == {"second_stream": 1}
    assert await goes_on(aysha, sana)


async def test_text_that_is_not_utf_8_is_refused_and_the_link_goes_on(sana: Person, haider: Stranger) -> None:
    await haider.offers(2)
    await haider.says(b"\xc3\x28")
    assert "not_utf_8" in await haider.hears()
    await haider.offers(2, counter=2)
    await haider.says(b"ok")
    assert '"private_ack"' in await haider.hears()
    assert sana.bodies == ["ok"]


async def test_a_message_over_the_limit_is_refused_before_its_body_comes(make: Make, aysha: Person) -> None:
    sana = await make("sana").open(private_bytes_max=100)
    introduce(aysha, sana)
    for body in ("x" * 101, "x" * MIB):
        with pytest.raises(PeerRefused) as refused:
            await aysha.tells(sana, body)
        assert refused.value.code == "too_large"
    await aysha.tells(sana, "x" * 100)
    assert sana.bodies == ["x" * 100]
    assert sana.connected.qsize() == 1  # all on the same link


async def test_the_quota_outlives_the_link(make: Make, aysha: Person, strangers: contextlib.AsyncExitStack) -> None:
    sana, haider = await make("sana").open(private_bytes_max=DIRECT_PEER_BYTES_MAX), make("haider")
    introduce(aysha, sana, haider)
    first = await Stranger.dials(sana, haider.identity)
    strangers.push_async_callback(first.end)
    await first.offers(DIRECT_PEER_BYTES_MAX)
    assert "private_go" in await first.hears()
    again = await Stranger.dials(sana, haider.identity)
    strangers.push_async_callback(again.end)
    assert await first.is_closed() == "closed by peer: replaced (code 3)"
    for counter in range(1, DIRECT_REFUSALS_MAX + 1):
        await again.offers(1, counter)
        await again.says(b"x")
        assert re.search('"rate".*"retry_after_s":[1-9]', await again.hears())
    await again.offers(1)
    assert await again.is_closed() == "closed by peer: rate (code 2)"
    assert await goes_on(aysha, sana)
    assert sana.reads == len(CONVERSATION)


async def test_an_answer_that_nobody_asked_for(make: Make, strangers: contextlib.AsyncExitStack) -> None:
    aysha, liar = await make("aysha").open(), make("liar")
    introduce(aysha, liar)
    peer = await Stranger.dials(aysha, liar.identity)
    strangers.push_async_callback(peer.end)
    await soon(aysha.connected.get())
    answer = asyncio.ensure_future(aysha.tells(liar, "hello", addresses=[]))
    stream = await soon(peer.connection.accept_bi())
    await stream.send().write_all(frame(PrivateAck(f"{INSTALLATION:016x}-7", "shown")))
    with pytest.raises(Unavailable, match="wrong_id"):
        await answer
    assert await peer.is_closed() == "closed by peer: wrong_id (code 2)"
    assert aysha.direct.counts == {"wrong_id": 1}
