"""Links: dialled, shared, given up and dialled again."""

import asyncio
import contextlib
import socket
from time import monotonic

import pytest

from chatapp.model.errors import Unavailable
from chatapp.model.limits import ACK_TIMEOUT_MIN_S, MIB
from chatapp.protocol.direct import PrivateAck, frame
from harness.loop import until
from harness.ports import fresh_port

from .people import INSTALLATION, Make, Person, Stranger, introduce, soon

SOON_S = 0.2
"""The time-out where a test waits for one."""
READ_BYTES_MAX = 64 * 1024


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_both_families_are_reached_on_one_port(aysha: Person, sana: Person, host: str) -> None:
    assert await aysha.tells(sana, "hello", [f"{host}:{sana.direct.port}"]) == "shown"


async def test_addresses_that_lead_nowhere_do_not_matter_beside_one_that_works(aysha: Person, sana: Person) -> None:
    addresses = ["nonsense", "127.0.0.1", "[::1]:0", "127.0.0.1:99999", "192.0.2.99:9", sana.address]
    assert await aysha.tells(sana, "hello", addresses) == "shown"


async def test_a_link_that_the_peer_opened_serves_both(aysha: Person, sana: Person) -> None:
    await aysha.direct.dial(sana.key, [sana.address])
    assert await soon(sana.connected.get()) == aysha.key
    assert await soon(aysha.connected.get()) == sana.key
    assert await sana.tells(aysha, "you called", addresses=[]) == "shown"


async def test_both_dial_at_once(aysha: Person, sana: Person) -> None:
    for n in range(20):
        aysha.direct.forget(sana.key)
        sana.direct.forget(aysha.key)
        await asyncio.gather(aysha.tells(sana, f"to sana {n}"), sana.tells(aysha, f"to aysha {n}"))
    assert sana.bodies == [f"to sana {n}" for n in range(20)]
    assert aysha.bodies == [f"to aysha {n}" for n in range(20)]


async def test_after_forget_the_next_message_dials(aysha: Person, sana: Person) -> None:
    await aysha.tells(sana, "one")
    await soon(sana.connected.get())
    aysha.direct.forget(sana.key)
    await aysha.tells(sana, "two")
    assert await soon(sana.connected.get()) == aysha.key
    assert sana.bodies == ["one", "two"]


async def test_nobody_there_is_known_within_the_time_out(make: Make) -> None:
    aysha = await make("aysha").open(ack_timeout_s=SOON_S)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        began = monotonic()
        with pytest.raises(Unavailable):
            await aysha.tells(make("sana"), "hello", [f"127.0.0.1:{black_hole.getsockname()[1]}"])
        assert 2 * SOON_S <= monotonic() - began < 10 * SOON_S


async def test_a_dial_outlives_the_message_that_began_it(make: Make) -> None:
    aysha, sana, port = await make("aysha").open(ack_timeout_s=SOON_S), make("sana"), fresh_port()
    introduce(aysha, sana)
    with pytest.raises(Unavailable):
        await aysha.tells(sana, "nobody hears", [f"127.0.0.1:{port}"])
    await sana.open(port)
    assert await soon(aysha.connected.get()) == sana.key
    assert await aysha.tells(sana, "now", addresses=[]) == "shown"


async def test_an_answer_behind_a_slow_transfer_is_waited_for(make: Make, strangers: contextlib.AsyncExitStack) -> None:
    aysha = await make("aysha").open()
    slow = make("slow")
    introduce(aysha, slow)
    peer = await Stranger.dials(aysha, slow.identity)
    strangers.push_async_callback(peer.end)
    await peer.offers(MIB)
    assert "private_go" in await peer.hears()
    answer = asyncio.ensure_future(aysha.tells(slow, "hello", addresses=[]))
    stream = await soon(peer.connection.accept_bi())
    await stream.recv().read(READ_BYTES_MAX)
    began = asyncio.get_running_loop().time()
    for n in range(1, 7):
        await peer.says(b"x")
        await until(began + n * ACK_TIMEOUT_MIN_S / 2)
    await stream.send().write_all(frame(PrivateAck(f"{INSTALLATION:016x}-1", "shown")))
    assert await answer == "shown"


async def test_a_peers_messages_are_stored_one_after_the_other_whatever_the_link(
    make: Make, aysha: Person, sana: Person, strangers: contextlib.AsyncExitStack
) -> None:
    haider = make("haider")
    introduce(sana, haider)
    sana.disk_is_free.clear()
    links = []
    for counter, body in ((1, b"first"), (2, b"second")):
        links.append(await Stranger.dials(sana, haider.identity))
        strangers.push_async_callback(links[-1].end)
        await links[-1].offers(len(body), counter)
        await links[-1].says(body)
        if counter == 1:
            assert await soon(sana.storing.get()) == "first"
    marker = asyncio.ensure_future(aysha.tells(sana, "marker"))
    assert await soon(sana.storing.get()) == "marker"
    sana.disk_is_free.set()
    assert await soon(sana.storing.get()) == "second"
    assert '"private_ack"' in await links[1].hears()
    await marker


async def test_a_peer_that_came_back_is_answered_on_its_new_link(
    make: Make, aysha: Person, strangers: contextlib.AsyncExitStack
) -> None:
    haider = await make("haider").open()
    introduce(aysha, haider)
    await aysha.tells(haider, "hello")  # a link that aysha opened, and that stays
    assert await soon(haider.connected.get()) == aysha.key
    back = await Stranger.dials(aysha, haider.identity)
    strangers.push_async_callback(back.end)
    assert await soon(aysha.connected.get()) == haider.key
    answer = asyncio.ensure_future(aysha.tells(haider, "welcome back", addresses=[]))
    stream = await soon(back.connection.accept_bi())
    await stream.send().write_all(frame(PrivateAck(f"{INSTALLATION:016x}-2", "shown")))
    assert await answer == "shown"
