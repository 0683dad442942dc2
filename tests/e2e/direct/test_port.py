"""The direct port: in use, given back, told to others."""

import asyncio
import re
import socket
from time import monotonic

import pytest

from chatapp.model.errors import CannotStart, ExitStatus, Unavailable

from .people import Make, Person


def nonblocking(end: socket.socket) -> socket.socket:
    end.setblocking(False)
    return end


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
async def test_one_in_use_has_its_line(make: Make, family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as other:
        other.bind((host, 0))
        port: int = other.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            await make("aysha").open(port)
        assert caught.value.status == ExitStatus.USAGE
        assert caught.value.line == (
            f"Error: the client port {port} is in use. Choose another one, or 0 for any that is free."
        )
        wish = await make("sana").open(port, fixed=False)
        assert wish.direct.port not in (0, port)


async def test_it_is_free_again_after_closing(make: Make, aysha: Person, sana: Person) -> None:
    await aysha.tells(sana, "hello")
    began = monotonic()
    await sana.close()
    assert monotonic() - began < 2
    successor = await make("haider").open(sana.direct.port)
    assert successor.direct.port == sana.direct.port
    with pytest.raises(Unavailable):
        await sana.tells(aysha, "from beyond")


async def test_closing_does_not_wait_for_a_dial(make: Make) -> None:
    aysha = await make("aysha").open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        hopeless = aysha.direct.dial(make("sana").key, [f"127.0.0.1:{black_hole.getsockname()[1]}"])
        dial = asyncio.ensure_future(hopeless)
        await asyncio.get_running_loop().sock_recv(nonblocking(black_hole), 65535)
        began = monotonic()
        await aysha.close()
        assert monotonic() - began < 2
        await dial


async def test_its_addresses_are_private_ones(aysha: Person) -> None:
    assert all(re.fullmatch(r"[0-9.]+|f[cd][0-9a-f:]+", address) for address in aysha.direct.addresses)
    assert not any(address.startswith("127.") for address in aysha.direct.addresses)
