"""Fixtures of the harness's own tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.journal import Journal
from harness.stage import Stage
from harness_tests.stand_ins import Upstream


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.end()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.close()
