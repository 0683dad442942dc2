"""A process behind pipes is started, typed to, stopped, killed and started again."""

import signal

import pytest

from harness.stage import Stage
from harness.waiting import NotSeen
from harness_tests.stand_ins import python

ECHO = python("import sys\nfor line in sys.stdin: print('heard', line, end='', flush=True)")


def test_what_is_typed_is_answered(stage: Stage) -> None:
    echo = stage.process("echo", ECHO)
    echo.type("hello")
    echo.expect("heard hello")
    echo.type_bytes(b"half ")
    echo.type_bytes(b"a line\n")
    echo.expect("heard half a line")
    assert echo.lines == ["heard hello", "heard half a line"]


def test_the_end_of_input_ends_it(stage: Stage) -> None:
    echo = stage.process("echo", ECHO)
    echo.type("last words")
    echo.end_of_input()
    assert echo.exit_status() == 0
    assert echo.lines == ["heard last words"]
    assert not echo.is_running


def test_a_suspended_process_does_nothing_until_it_is_resumed(stage: Stage) -> None:
    echo = stage.process("echo", ECHO)
    echo.type("awake")
    echo.expect("heard awake")
    echo.suspend()
    echo.type("x" * 1_000_000)  # more than a pipe holds: typing doesn't wait for the reader
    assert echo.lines == ["heard awake"]
    echo.resume()
    echo.expect("heard " + "x" * 1_000_000)


def test_kill9_is_back_when_the_process_is_dead(stage: Stage) -> None:
    echo = stage.process("echo", ECHO)
    echo.kill9()
    assert not echo.is_running
    assert echo.exit_status() == -signal.SIGKILL


def test_it_can_be_started_again_and_reading_goes_on(stage: Stage) -> None:
    echo = stage.process("echo", ECHO)
    echo.type("one")
    echo.expect("heard one")
    first = echo.pid
    echo.kill9()
    echo.start()
    assert echo.pid != first
    echo.type("two")
    echo.expect("heard two")
    assert echo.lines == ["heard one", "heard two"]


def test_stop_asks_with_sigterm(stage: Stage) -> None:
    program = "import signal; signal.signal(15, lambda *_: exit(7)); print('ready', flush=True); signal.pause()"
    polite = stage.process("polite", python(program))
    polite.expect("ready")
    assert polite.stop() == 7


def test_a_process_that_ended_is_not_waited_for(stage: Stage) -> None:
    short = stage.process("short", python("import sys; print('out'); sys.exit('the reason')"))
    with pytest.raises(NotSeen, match=r"(?s)print\n    more\nand printed\n    out\n.*stderr\n    the reason"):
        short.expect("more")
    assert short.exit_status() == 1
    assert short.expect_error("the reason") == "the reason"


def test_the_environment_is_clean_but_for_the_settings(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATAPP_PORT", "1")
    monkeypatch.setenv("SOMETHING", "else")
    program = "import os; print(sorted(os.environ.items()))"
    shown = stage.process("shown", python(program), ack_timeout_s=0.5, no_tls=True)
    assert shown.exit_status() == 0
    (line,) = shown.lines
    assert "('CHATAPP_ACK_TIMEOUT_S', '0.5'), ('CHATAPP_NO_TLS', '1')" in line
    assert f"('HOME', '{shown.home}')" in line
    assert "('LANG', 'C.UTF-8')" in line
    assert "CHATAPP_PORT" not in line
    assert "SOMETHING" not in line
