"""The stage ends what it started, and says what went wrong."""

import re
from pathlib import Path

import pytest

from harness.stage import Stage
from harness_tests.stand_ins import python

IDLE = python("import signal; print('ready', flush=True); signal.pause()")


def test_the_end_of_the_stage_ends_every_process_suspended_or_not(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    idle, suspended = stage.process("idle", IDLE), stage.process("suspended", IDLE)
    terminal = stage.terminal("terminal", IDLE)
    for process in (idle, suspended, terminal):
        process.expect("ready")
    suspended.suspend()
    stage.end()
    assert [process.is_running for process in (idle, suspended, terminal)] == [False] * 3


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        ("raise RuntimeError('a bug')", r"Traceback"),
        ("class A:\n  def __del__(self): raise ValueError\nA()", r"Exception ignored"),
        ("import os; os.abort()", r"Fatal Python error"),
        ("async def f(): pass\nf()", r"never awaited"),
    ],
)
@pytest.mark.parametrize("at", ["pipes", "terminal"])
def test_a_process_that_tells_of_a_bug_fails_the_test(tmp_path: Path, program: str, complaint: str, at: str) -> None:
    stage = Stage(tmp_path)
    process = (stage.process if at == "pipes" else stage.terminal)("buggy", python(program))
    process.exit_status()
    with pytest.raises(AssertionError, match=f"buggy: .*{complaint}"):
        stage.end()


def test_the_report_is_everybody_in_one_column_of_time(stage: Stage) -> None:
    one, two = stage.process("one", IDLE), stage.process("second", IDLE)
    one.expect("ready")
    one.type("hello")
    one.kill9()
    two.expect("ready")
    (title, text), *screens = stage.report()
    assert (title, screens) == ("what happened", [])
    pattern = (
        r"(?s)one    \* started: .*one    > ready.*one    < hello.*one    \* gets SIGKILL.*ended with exit status -9"
    )
    assert re.search(pattern, text), text


def test_a_screen_is_part_of_the_report(stage: Stage) -> None:
    terminal = stage.terminal("terminal", IDLE)
    terminal.expect("ready")
    assert ("screen of terminal", terminal.transcript()) in stage.report()
