"""A client's UDP port under attack: strangers, junk, liars and babblers. Closed with a reason, and nobody else notices.

Who speaks QUIC here is a bare speaker of iroh; the attacked are clients in processes of their own.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import iroh
import pytest

from chatapp.identity.keys import KEY_BYTES, Identity
from chatapp.model.limits import KIB
from chatapp.model.messages import Roster
from chatapp.protocol.direct import APPLICATION_PROTOCOL, PrivateHeader, frame
from e2e.direct.people import Stranger, bare_endpoint, soon
from harness.archives import archive_of, private_received
from harness.people import People
from harness.pipes import PipeClient
from harness.server import Server
from harness.stage import Stage
from harness.wire import WireClient

from .conftest import Tell
from .gathering import TABLE_UPDATED, acquaint
from .losses import KEY_CHANGED, lose_database
from .pace import again_and_again, compared, pace

JUNK_DATAGRAMS = 50
"""At a time: what the socket's buffer surely takes, so that each is looked at."""


class Target(NamedTuple):
    """A client's direct port, as the roster has it."""

    key: bytes
    address: str


def target(observer: WireClient, name: str) -> Target:
    """Where that name is, for somebody who has just heard of it."""
    rosters = [message for message in observer.received if isinstance(message, Roster)]
    row = next(row for roster in reversed(rosters) for row in roster.rows if row.name == name)
    return Target(bytes.fromhex(row.key), row.addresses[0])


class Scene(NamedTuple):
    """aysha and sana talk directly; haider, whom both know, has an identity and no manners."""

    aysha: PipeClient
    sana: PipeClient
    haider: WireClient
    port_of_sana: Target


@pytest.fixture
def scene(people: People) -> Scene:
    sana, aysha = people.pipe("sana"), people.pipe("aysha")
    acquaint(sana, aysha)
    haider = people.wire("haider")
    for person in (aysha, sana):
        person.expect(TABLE_UPDATED)
    return Scene(aysha, sana, haider, target(haider, "sana"))


def visit(port: Target, identity: Identity, what: Callable[[Stranger], Awaitable[None]]) -> None:
    """Dials the port and does that."""

    async def dial() -> None:
        stranger = await soon(Stranger.dials(port, identity))
        try:
            await what(stranger)
        finally:
            await stranger.end()

    asyncio.run(dial())


def turn_up(port: Target, identity: Identity) -> None:
    """Dials the port, and is closed as somebody unknown before anything can be said."""

    async def dial() -> None:
        endpoint = await bare_endpoint(identity.seed)
        host = iroh.EndpointAddr(iroh.EndpointId.from_bytes(port.key), None, [port.address])
        connection = await soon(endpoint.connect(host, APPLICATION_PROTOCOL))
        await soon(connection.closed())
        assert connection.close_reason() == "closed by peer: unknown_identity (code 1)"
        await endpoint.close()

    asyncio.run(dial())


def header(counter: int, by: str, to: str, size: int) -> bytes:
    return frame(PrivateHeader(f"{0xAB:016x}-{counter}", by, to, 1, size))


def test_who_says_another_name_is_refused(scene: Scene) -> None:
    async def lie(haider: Stranger) -> None:
        for counter, (by, to, body, code) in enumerate(
            [
                ("aysha", "sana", b"I owe haider 100", "not_yours"),
                ("nobody", "sana", b"hello", "not_yours"),
                ("sana", "sana", b"hello", "not_yours"),
                ("haider", "aysha", b"hello", "wrong_recipient"),
                ("haider", "sana", b"", "empty"),
                ("haider", "sana", b"caf\xe9", "not_utf_8"),
            ],
            start=1,
        ):
            await haider.says(header(counter, by, to, len(body)) + body)
            assert f'"code":"{code}"' in await haider.hears()
        await haider.says(header(7, "haider", "sana", 5) + b"hello")
        assert '"private_ack"' in await haider.hears()

    visit(scene.port_of_sana, scene.haider.identity, lie)
    scene.sana.expect(">>> haider: hello")
    scene.aysha.type("send sana and on it goes")
    scene.sana.expect(">>> aysha: and on it goes")
    received = private_received(archive_of(scene.sana.home, "sana"))
    assert [(message.who, message.body) for message in received] == [("haider", "hello"), ("aysha", "and on it goes")]


def test_who_had_a_name_before_its_key_changed_is_held_back_too(stage: Stage, server: Server, people: People) -> None:
    """Private messages to and from that name are held back: whoever of the two it is."""
    aysha, first = people.pipe("aysha", command="join"), people.wire("sana")
    aysha.expect(TABLE_UPDATED, TABLE_UPDATED)
    port_of_aysha = target(first, "aysha")
    lose_database(server)
    aysha.expect(">>> [Connected again.]")
    second = stage.people(server, homes="elsewhere").wire("sana")
    aysha.expect(KEY_CHANGED)

    for wire in (first, second):
        turn_up(port_of_aysha, wire.identity)
    aysha.type("trust sana")
    aysha.expect(">>> [The new key of sana is trusted.]")
    turn_up(port_of_aysha, first.identity)

    async def be_heard(sana: Stranger) -> None:
        await sana.says(header(1, "sana", "aysha", 5) + b"hello")
        assert '"private_ack"' in await sana.hears()

    visit(port_of_aysha, second.identity, be_heard)
    aysha.expect(">>> sana: hello")


def test_an_unknown_identity_is_closed_before_it_is_read(scene: Scene, tell_figures: Tell) -> None:
    alone = pace(scene.aysha, scene.sana, "alone", privately=True)
    with again_and_again(lambda: turn_up(scene.port_of_sana, Identity(os.urandom(KEY_BYTES)))) as closed:
        beside = pace(scene.aysha, scene.sana, "beside", privately=True)
    assert closed
    tell_figures(compared(alone, beside, f"privately, beside {len(closed)} unknown identities"))


def test_a_stream_without_end_is_closed(scene: Scene, tell_figures: Tell) -> None:
    async def go_on(haider: Stranger, data: bytes) -> None:
        while True:
            await soon(haider.says(data))

    async def babble(haider: Stranger) -> None:
        with pytest.raises(iroh.IrohError):
            await go_on(haider, b"\0\0\0\1" * 16 * KIB)
        assert await haider.is_closed() == "closed by peer: bad_message (code 2)"

    async def offer_too_much(haider: Stranger) -> None:
        await haider.says(header(1, "haider", "sana", 1 << 40))
        assert '"code":"too_large"' in await haider.hears()
        with pytest.raises(iroh.IrohError):
            await go_on(haider, b"x" * 64 * KIB)
        assert await haider.is_closed() == "closed by peer: too_large (code 2)"

    alone = pace(scene.aysha, scene.sana, "alone", privately=True)
    attacks = [babble, offer_too_much]

    def attack() -> None:
        for each in attacks:
            visit(scene.port_of_sana, scene.haider.identity, each)

    with again_and_again(attack) as closed:
        beside = pace(scene.aysha, scene.sana, "beside", privately=True)
    assert closed
    tell_figures(compared(alone, beside, f"privately, beside {2 * len(closed)} streams without end"))


def test_junk_on_the_port_is_ignored(scene: Scene, tell_figures: Tell) -> None:
    host, _, port = scene.port_of_sana.address.rpartition(":")

    def throw_junk() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
            for number in range(JUNK_DATAGRAMS):
                attacker.sendto(os.urandom(number * 27), (host, int(port)))
                attacker.sendto(b"\xc0\0\0\0\x01" + os.urandom(1300), (host, int(port)))  # looks like QUIC

    alone = pace(scene.aysha, scene.sana, "alone", privately=True)
    with again_and_again(throw_junk) as thrown:
        beside = pace(scene.aysha, scene.sana, "beside", privately=True)
    assert thrown
    tell_figures(compared(alone, beside, f"privately, beside {2 * JUNK_DATAGRAMS * len(thrown)} datagrams of junk"))
    received = private_received(archive_of(scene.sana.home, "sana"))
    assert [message.body for message in received] == [f"{when} {n}" for when in ("alone", "beside") for n in range(100)]
