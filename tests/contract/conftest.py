from collections.abc import Callable
from pathlib import Path

import pytest

from chatapp.store.base import Store
from chatapp.store.sqlite import SqliteStore

OpenStore = Callable[[Path], Store]
"""Opens the store that lives in a directory, or makes it there."""


def open_sqlite(directory: Path) -> Store:
    return SqliteStore(directory / "server.db")


@pytest.fixture(scope="session", params=[pytest.param(open_sqlite, id="sqlite")])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """One suite, every store."""
    opens: OpenStore = request.param
    return opens
