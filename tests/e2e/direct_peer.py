"""A peer in a process of its own, to be killed: `direct_peer.py SEED KEY FILE SWALLOWED`.

Listens on any port, admits that key, keeps its high-water mark in the file and says on stdout what happens to it, a line
each: `port N`, `new N`, `double N`. The message with the counter SWALLOWED is stored and never answered.
"""

import asyncio
import sys
from pathlib import Path

from chatapp.client.direct import Direct
from chatapp.model.ids import parse_id
from chatapp.model.settings import ClientSettings
from chatapp.protocol.direct import PrivateAck, PrivateMessage
from chatapp.tasks import TaskKeeper


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def run(seed: bytes, known: bytes, path: Path, swallowed: int) -> None:
    """Until it is killed."""
    ended = asyncio.Event()
    tasks = TaskKeeper(lambda name, error: ended.set())

    async def receive(key: bytes, message: PrivateMessage) -> PrivateAck:
        counter = parse_id(message.id).counter
        if counter > int(path.read_text("ascii") if path.exists() else "0"):
            path.write_text(str(counter), "ascii")
            say(f"new {counter}")
        else:
            say(f"double {counter}")
        if counter == swallowed:
            await ended.wait()
        return PrivateAck(message.id, "shown")

    direct = await Direct.open(
        seed,
        0,
        admit=lambda key: key == known,
        receive=receive,
        connected=lambda key: None,
        settings=ClientSettings(),
        start=tasks.start,
    )
    say(f"port {direct.port}")
    await ended.wait()


if __name__ == "__main__":
    seed, known, path, swallowed = sys.argv[1:]
    asyncio.run(run(bytes.fromhex(seed), bytes.fromhex(known), Path(path), int(swallowed)))
