"""A peer in a process of its own, to be killed: `peer.py SEED KEY FILE SWALLOWED`.

Listens on any port, admits that key, keeps its high-water mark in the file and says on stdout what happens to it, each
on a line: `port N`, `new N`, `double N`. The message with the counter SWALLOWED is stored and never answered.
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


def is_new(counter: int, high_water: Path) -> bool:
    """Marks what comes for the first time."""
    if high_water.exists() and counter <= int(high_water.read_text("ascii")):
        return False
    high_water.write_text(str(counter), "ascii")
    return True


async def run(seed: bytes, known: bytes, high_water: Path, swallowed: int) -> None:
    """Until it is killed."""
    never = asyncio.Event()
    tasks = TaskKeeper(lambda name, error: say(f"{name}: {error!r}"))

    async def receive(key: bytes, message: PrivateMessage) -> PrivateAck:
        counter = parse_id(message.id).counter
        say(f"{'new' if is_new(counter, high_water) else 'double'} {counter}")
        if counter == swallowed:
            await never.wait()
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
    await never.wait()


if __name__ == "__main__":
    seed, known, path, swallowed = sys.argv[1:]
    asyncio.run(run(bytes.fromhex(seed), bytes.fromhex(known), Path(path), int(swallowed)))
