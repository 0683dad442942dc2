"""A process in a pseudo-terminal sees a terminal, and its screen is what a person would see."""

import signal

import pytest

from harness.stage import Stage
from harness.waiting import NotSeen
from harness_tests.stand_ins import python

PROMPT = python("""
import asyncio, os
os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"
from prompt_toolkit import PromptSession
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.patch_stdout import patch_stdout

keys = KeyBindings()
keys.add("escape", "enter")(lambda event: event.current_buffer.insert_text("\\n"))

async def main():
    session = PromptSession(key_bindings=keys)
    with patch_stdout():
        print("welcome")
        while True:
            try:
                text = await session.prompt_async(">>> ")
            except KeyboardInterrupt:
                print("interrupted")
                break
            if text == "later":
                asyncio.get_running_loop().add_signal_handler(10, print, "somebody speaks")
            print("heard", repr(text))

asyncio.run(main())
""")


def test_typing_and_the_answer_make_a_screen(stage: Stage) -> None:
    person = stage.terminal("person", PROMPT)
    person.expect("welcome")
    person.wait_for_prompt()
    person.type("hello")
    person.expect("heard 'hello'")
    person.wait_for_screen("welcome", ">>> hello", "heard 'hello'", ">>>")
    assert person.screen() == ["welcome", ">>> hello", "heard 'hello'", ">>>"]


def test_what_arrives_while_somebody_types_stands_above_it(stage: Stage) -> None:
    person = stage.terminal("person", PROMPT)
    person.wait_for_prompt()
    person.type("later")
    person.expect("heard 'later'")
    person.wait_for_prompt()
    person.type_keys("half a li")
    person.wait_for(">>> half a li")
    person.signal(signal.SIGUSR1)
    person.expect("somebody speaks")
    person.wait_for(">>> half a li")
    assert person.screen()[-2:] == ["somebody speaks", ">>> half a li"]


def test_keys_and_pastes(stage: Stage) -> None:
    person = stage.terminal("person", PROMPT)
    person.wait_for_prompt()
    person.type_keys("one")
    person.key("escape-enter")
    person.type("two")
    person.expect(r"heard 'one\ntwo'")
    person.wait_for_prompt()
    person.paste("three\nlines\nat once")
    person.key("enter")
    person.expect(r"heard 'three\nlines\nat once'")
    person.wait_for_prompt()
    person.key("up")
    person.key("up")
    person.key("enter")
    person.expect(r"heard 'three\nlines\nat once'")
    person.wait_for_prompt()
    person.key("ctrl-c")
    person.expect("interrupted")
    assert person.exit_status() == 0


def test_control_c_is_a_signal_and_so_is_a_closed_window(stage: Stage) -> None:
    program = (
        "import os, signal\ndef tell(number, frame): os.write(1, f'got {signal.Signals(number).name}\\n'.encode())\n"
        "signal.signal(1, tell), signal.signal(2, tell), print('ready', flush=True)\nwhile True: signal.pause()"
    )
    person = stage.terminal("person", python(program))
    person.expect("ready")
    person.key("ctrl-c")
    person.expect("^Cgot SIGINT")
    person.hang_up()
    person.expect("got SIGHUP")


def test_the_size_and_the_kind_of_the_terminal(stage: Stage) -> None:
    program = "import os; print(os.get_terminal_size(), os.environ['TERM'], os.isatty(0), os.isatty(1), os.isatty(2))"
    person = stage.terminal("person", python(program), columns=80, rows=24)
    assert person.exit_status() == 0
    assert person.lines == ["os.terminal_size(columns=80, lines=24) xterm-256color True True True"]


@pytest.mark.parametrize("answers", [False, True])
def test_the_terminal_answers_where_its_cursor_is_only_if_it_is_asked_to(stage: Stage, answers: bool) -> None:
    program = (
        "import os, tty\ntty.setraw(0)\nos.write(1, b'abc\\x1b[6n')\nanswer = b''\n"
        "while not answer.endswith(b'q'): answer += os.read(0, 1)\nprint(answer)"
    )
    person = stage.terminal("person", python(program), answers_queries=answers)
    person.wait_for("abc")
    person.type_keys("q")
    assert person.exit_status() == 0
    assert ("1;4R" in person.lines[-1]) == answers


def test_it_can_be_started_again_below_what_was_there(stage: Stage) -> None:
    person = stage.terminal("person", PROMPT)
    person.expect("welcome")
    person.kill9()
    person.start()
    person.expect("welcome")
    person.wait_for_prompt()
    person.type("hello")
    person.expect("heard 'hello'")
    assert person.lines.count("welcome") == 2


def test_a_failure_shows_lines_and_screen(stage: Stage) -> None:
    person = stage.terminal("person", python("print('all there is')"))
    person.exit_status()
    with pytest.raises(
        NotSeen, match=r"(?s)was to see\n    more\nand sees\nlines:\n    all there is\nscreen:\n    all"
    ):
        person.expect("more")
