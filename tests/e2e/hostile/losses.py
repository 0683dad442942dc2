"""A server that has lost everything but its certificate: whoever comes first has the names."""

from harness.server import Server

KEY_CHANGED = (
    ">>> [The key of sana has changed. Private messages to and from sana are held back. "
    "If you expected this, type: trust sana]"
)


def lose_database(server: Server) -> None:
    """Everything that the server knew is gone but for its certificate: whoever comes first has the names."""
    server.kill9()
    for path in server.data.glob("server.db*"):
        path.unlink()
    server.start()
