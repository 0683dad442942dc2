"""`chatapp trust HOST:PORT`: the server at that address may have the key that it shows now."""

import asyncio

from chatapp.client.home import known_servers
from chatapp.client.link import Link
from chatapp.model.errors import CannotStart, ExitStatus, Unavailable
from chatapp.model.settings import ClientSettings
from chatapp.tasks import TaskKeeper


def run(host: str, port: int, settings: ClientSettings) -> ExitStatus:
    """Fetches the key, remembers it, and prints it. Raises CannotStart when nobody answers."""
    server_id = asyncio.run(_server_id(host, port, settings))
    known_servers(settings.data).remember(host, port, server_id)
    print(f"The server at {host}:{port} is trusted with the key SHA256:{server_id}.")
    return ExitStatus.DONE


async def _server_id(host: str, port: int, settings: ClientSettings) -> str:
    tasks = TaskKeeper(lambda name, error: None)
    try:
        link = await Link.connect(host, port, None, settings, tasks.start)
    except Unavailable as error:
        raise CannotStart(f"Error: cannot reach {host}:{port}: {error}", ExitStatus.GONE) from error
    await link.close()
    return link.server_id
