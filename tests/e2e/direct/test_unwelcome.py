"""Those who aren't let in don't disturb those who are."""

import asyncio
import contextlib
import os
import socket

import iroh

from chatapp.model.limits import DIRECT_HANDSHAKES_MAX
from chatapp.protocol.direct import APPLICATION_PROTOCOL

from .people import CONVERSATION, Person, Stranger, bare_endpoint, goes_on, soon


async def test_an_unknown_identity_is_closed_and_nothing_is_read(
    aysha: Person, sana: Person, strangers: contextlib.AsyncExitStack
) -> None:
    for n in range(1, 11):
        stranger = await Stranger.dials(sana)
        strangers.push_async_callback(stranger.end)
        with contextlib.suppress(iroh.IrohError):  # closed already
            await stranger.offers(5)
            await stranger.says(b"hello")
        assert await stranger.is_closed() == "closed by peer: unknown_identity (code 1)"
        assert sana.direct.counts == {"unknown_identity": n}
    assert await goes_on(aysha, sana)
    assert sana.reads == len(CONVERSATION)


async def test_junk_on_the_port_changes_nothing(aysha: Person, sana: Person) -> None:
    await aysha.tells(sana, "before")
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as attacker:
            for n in range(500):
                attacker.sendto(os.urandom(n % 1400), (host, sana.direct.port))
                attacker.sendto(b"\xc0\0\0\0\x01" + os.urandom(1300), (host, sana.direct.port))  # looks like QUIC
    assert await goes_on(aysha, sana)
    aysha.direct.forget(sana.key)
    assert await goes_on(aysha, sana)
    assert sana.reads == 1 + 2 * len(CONVERSATION)


async def test_handshakes_that_nobody_ends_keep_nobody_out(aysha: Person, sana: Person) -> None:
    """Everything towards sana passes, nothing comes back: so do forged addresses look."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inside,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside,
    ):
        for end in (inside, outside):
            end.bind(("127.0.0.1", 0))
            end.setblocking(False)
        loop = asyncio.get_running_loop()
        passed = asyncio.Event()
        sources: set[tuple[str, int]] = set()

        def forward() -> None:
            data, source = inside.recvfrom(65535)
            outside.sendto(data, ("127.0.0.1", sana.direct.port))
            sources.add(source)
            if len(sources) == DIRECT_HANDSHAKES_MAX:
                passed.set()

        loop.add_reader(inside, forward)
        endpoints = [await bare_endpoint(os.urandom(32)) for _ in range(DIRECT_HANDSHAKES_MAX)]
        target = iroh.EndpointAddr(iroh.EndpointId.from_bytes(sana.key), None, [f"127.0.0.1:{inside.getsockname()[1]}"])
        dials = [asyncio.ensure_future(endpoint.connect(target, APPLICATION_PROTOCOL)) for endpoint in endpoints]
        try:
            await soon(passed.wait())
            assert await goes_on(aysha, sana)
            assert not any(dial.done() for dial in dials)
        finally:
            loop.remove_reader(inside)
            for dial in dials:
                dial.cancel()
            await asyncio.gather(*dials, return_exceptions=True)
