"""A peer that dies and comes back elsewhere."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest

import chatapp
from chatapp.identity.keys import Identity
from chatapp.model.errors import Unavailable
from chatapp.model.limits import ACK_TIMEOUT_MIN_S

from .people import Make, soon


async def test_it_comes_back_on_another_port_and_nothing_is_lost_or_doubled(make: Make, tmp_path: Path) -> None:
    aysha, sana = await make("aysha").open(), Identity(os.urandom(32))
    environment = os.environ | {"PYTHONPATH": str(Path(chatapp.__file__).parent.parent)}
    arguments = [sana.seed.hex(), aysha.key.hex(), str(tmp_path / "high-water")]

    async def start(swallowed: int) -> tuple[asyncio.subprocess.Process, Callable[[], Awaitable[str]], str]:
        peer = Path(__file__).with_name("peer.py")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", peer, *arguments, str(swallowed), stdout=asyncio.subprocess.PIPE, env=environment
        )
        assert process.stdout is not None
        reader = process.stdout

        async def says() -> str:
            return (await soon(reader.readline())).decode().strip()

        return process, says, f"127.0.0.1:{(await says()).removeprefix('port ')}"

    first, says, before = await start(swallowed=3)
    try:
        for counter in (1, 2):
            await aysha.direct.send(sana.public, [before], aysha.message("hi", counter=counter))
            assert await says() == f"new {counter}"
        with pytest.raises(Unavailable, match="no answer in time"):  # it is stored, and the ack is lost
            await aysha.direct.send(sana.public, [before], aysha.message("hi", counter=3))
        assert await says() == "new 3"
        await aysha.direct.dial(sana.public, [before])  # a link again, to somebody who is about to die
    finally:
        first.kill()
        await first.wait()
    began = monotonic()
    with pytest.raises(Unavailable, match="no answer in time"):
        await aysha.direct.send(sana.public, [before], aysha.message("hi", counter=3))
    assert monotonic() - began < 5 * ACK_TIMEOUT_MIN_S
    second, says, after = await start(swallowed=0)
    try:
        assert after != before
        for counter, seen in ((3, "double 3"), (4, "new 4")):
            await aysha.direct.send(sana.public, [after], aysha.message("hi", counter=counter))
            assert await says() == seen
    finally:
        second.kill()
        await second.wait()
