"""Figures that a test has measured are printed at the end of the run: they are looked at, not asserted on."""

from collections.abc import Callable

import pytest

_FIGURES = "figures"
Tell = Callable[[str], None]


@pytest.fixture
def tell_figures(record_property: Callable[[str, object], None]) -> Tell:
    """Has a line of figures printed."""
    return lambda line: record_property(_FIGURES, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints the figures of all tests."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    lines = [
        line
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, line in report.user_properties
        if name == _FIGURES
    ]
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(str(line))
