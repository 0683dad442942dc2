"""Fixtures of the end-to-end tests: a server, the people who talk through it, and the stage for everything else."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from harness.people import People
from harness.server import Server
from harness.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Starts servers, people and proxies, and ends them after the test."""
    stage = Stage(tmp_path)
    yield stage
    stage.end()


@pytest.fixture
def server(stage: Stage) -> Server:
    """A server that is online, as people have it who choose nothing."""
    return stage.server()


@pytest.fixture
def people(stage: Stage, server: Server) -> People:
    """Makes the clients of that server."""
    return stage.people(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to a failed test's report what happened in it."""
    report = yield
    stage = getattr(item, "funcargs", {}).get("stage")
    if report.failed and report.when == "call" and isinstance(stage, Stage):
        report.sections += stage.report()
    return report
