"""A private message's round trip: from `Direct.send` to the ack, which comes when the recipient's archive has it.

The recipient is a process of its own on the server's core: `python bench/private.py DIRECTORY` prints its port and
its key, and ends with its standard input.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import quantiles
from time import perf_counter, time_ns

from chatapp.client.direct import Direct, DirectUnavailable
from chatapp.client.home import Home
from chatapp.identity.keys import Identity
from chatapp.model.ids import RequestId, parse_id
from chatapp.model.settings import ClientSettings
from chatapp.protocol.direct import PrivateAck, PrivateMessage, PrivateRefused
from chatapp.tasks import TaskKeeper
from serving import SERVER_CORE

_SENDER, _RECIPIENT = "aysha", "sana"
_BODY = "0" * 100
_WARM_UP_MESSAGES, _MESSAGES = 50, 1000


def round_trip_ms(directory: Path) -> dict[str, float] | None:
    """Median and 99th percentile, one message after the other; None where there are no direct links."""
    recipient = subprocess.Popen(
        [sys.executable, __file__, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    with recipient:
        assert recipient.stdout is not None
        told = recipient.stdout.readline().split()
        if told == ["unavailable"]:
            return None
        port, key = told
        times_ms = asyncio.run(_send(bytes.fromhex(key), f"127.0.0.1:{port}"))
    percentiles = quantiles(times_ms, n=100)
    return {"p50": percentiles[49], "p99": percentiles[98]}


async def _send(key: bytes, address: str) -> list[float]:
    tasks = TaskKeeper(_died)
    direct = await _open(Identity(os.urandom(32)), tasks, _store_nothing)
    times_ms = []
    for counter in range(1, _WARM_UP_MESSAGES + _MESSAGES + 1):
        message = PrivateMessage(str(RequestId(1, counter)), _SENDER, _RECIPIENT, time_ns() // 1_000_000, _BODY)
        started = perf_counter()
        await direct.send(key, (address,), message)
        times_ms.append((perf_counter() - started) * 1000)
    await direct.close()
    await tasks.close()
    return times_ms[_WARM_UP_MESSAGES:]


async def _receive(directory: Path) -> None:
    home = Home(str(directory), "bench", _RECIPIENT)

    async def store(key: bytes, message: PrivateMessage) -> PrivateAck | PrivateRefused:
        id = parse_id(message.id)
        await home.run(home.private.receive, message.by, key.hex(), id, message.at, message.body, "due")
        return PrivateAck(message.id, "shown")

    tasks = TaskKeeper(_died)
    identity = Identity(os.urandom(32))
    try:
        direct = await _open(identity, tasks, store)
    except DirectUnavailable:
        print("unavailable", flush=True)
        return
    print(direct.port, identity.public.hex(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await direct.close()
    await tasks.close()
    home.close()


async def _open(
    identity: Identity,
    tasks: TaskKeeper,
    receive: Callable[[bytes, PrivateMessage], Awaitable[PrivateAck | PrivateRefused]],
) -> Direct:
    return await Direct.open(
        identity.seed,
        0,
        admit=lambda key: True,
        receive=receive,
        connected=lambda key: None,
        settings=ClientSettings(),
        start=tasks.start,
    )


async def _store_nothing(key: bytes, message: PrivateMessage) -> PrivateAck | PrivateRefused:
    return PrivateRefused(message.id, "not_yours")


def _died(name: str, error: BaseException) -> None:
    raise RuntimeError(f"{name} ended") from error


if __name__ == "__main__":
    asyncio.run(_receive(Path(sys.argv[1])))
