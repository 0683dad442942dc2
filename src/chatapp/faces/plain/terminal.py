"""A person's terminal: line editing, history and completion by prompt_toolkit; lines that come appear above the prompt.

One prompt is there from the first to the last: while it is, the terminal itself echoes no key into a line. The cursor
query stays off: where a terminal doesn't answer it, lines would change places.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from typing import Any

os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"  # read when prompt_toolkit makes its output

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import set_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import AnyFormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.utils import get_cwidth

from chatapp.faces.plain.words import prompt
from chatapp.model.shown import shown

_PROMPT_WITHIN = re.compile(r"(?<!\n    )>(?:[\u00ad\u034f\u180e\u200c\u200d\u2060-\u2064\ufe00-\ufe0f]*>){2}")
"""What begins all lines, with or without something between that isn't seen; not where it is indented already."""

Candidates = Callable[[str], Iterable[str]]
"""What may stand after a word at the beginning of a line; after nothing, the commands."""


class Terminal:
    """group: gives the name of the group one is in; candidates: what may be completed; interrupt: what Ctrl-C does;
    start: runs a coroutine as a kept task."""

    def __init__(
        self,
        group: Callable[[], str | None],
        candidates: Candidates,
        interrupt: Callable[[], None],
        start: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        self._group = group
        self._interrupt = interrupt
        self._start = start
        self._notice: Sequence[str] = ()
        self._typed: asyncio.Queue[str | None] = asyncio.Queue()
        self._session: PromptSession[str] = PromptSession(
            message=self._message,
            multiline=True,
            key_bindings=_bindings(candidates),
            completer=_WordCompleter(candidates),
            complete_while_typing=False,
            erase_when_done=True,  # what was typed is written again as a line among the others
            prompt_continuation=_continuation,
            enable_history_search=False,
        )
        self._session.default_buffer.accept_handler = self._entered

    async def show(self, lines: Sequence[str]) -> None:
        """Writes above the prompt; what is being typed stays."""
        if not lines:
            return
        app = self._session.app
        if app.is_running:
            app.renderer.erase()
        sys.stdout.write("".join(_unmistakable(line) + "\n" for line in lines))
        sys.stdout.flush()
        if app.is_running:
            with set_app(app):
                app.renderer.render(app, app.layout)
            await asyncio.sleep(0)  # keys are read between the lines of a burst

    async def hold(self, lines: Sequence[str]) -> None:
        """The one line that grows, above the prompt."""
        self._notice = lines
        self._session.app.invalidate()

    async def typed(self) -> AsyncIterator[str]:
        """What is entered, until Ctrl-D."""
        self._start(self._prompt(), "prompt")
        while (line := await self._typed.get()) is not None:
            yield line

    async def _prompt(self) -> None:
        try:
            await self._session.prompt_async(handle_sigint=False)
        except EOFError:
            self._typed.put_nowait(None)
        except KeyboardInterrupt:
            self._interrupt()

    def _entered(self, buffer: Buffer) -> bool:
        """Enter: the line is taken, and the prompt is empty again."""
        self._typed.put_nowait(buffer.text)
        return False

    def echo(self, typed: str) -> str:
        """The prompt and what was typed, as it stood there."""
        return prompt(self._group()) + shown(typed)

    def close(self) -> None:
        """prompt_toolkit has restored the terminal when its prompt was cancelled."""
        sys.stdout.flush()

    def _message(self) -> AnyFormattedText:
        columns = self._session.app.output.get_size().columns
        return "".join(row + "\n" for line in self._notice for row in _rows(line, columns)) + prompt(self._group())


def _continuation(width: int, line_number: int, wrap_count: int) -> str:
    """What stands before later lines of what is typed; a long line that wraps goes on at the edge, as elsewhere."""
    return "" if wrap_count else "    "


def _unmistakable(line: str) -> str:
    """Where a long line wraps, its next row must not look like somebody's line: within one, `>>>` begins a row that is
    indented. (Not by the window's width: how wide a terminal makes a character, the terminal alone knows.)"""
    return line[:1] + _PROMPT_WITHIN.sub(r"\n    \g<0>", line[1:])


def _rows(line: str, columns: int) -> Iterable[str]:
    """The line broken at the window's edge: above the line that is typed, prompt_toolkit would cut it off there."""
    row, width = "", 0
    for character in line:
        width += get_cwidth(character)
        if width > columns:
            yield row
            row, width = "", get_cwidth(character)
        row += character
    yield row


def _bindings(candidates: Candidates) -> KeyBindings:
    """Enter sends, Alt+Enter breaks the line; a paste is one message whatever it has in it. Tab completes at once
    what can only be one thing, and shows the choice where there is one."""
    bindings = KeyBindings()

    @bindings.add("tab")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state:
            buffer.complete_next()
            return
        before, _, word = buffer.document.text_before_cursor.rpartition(" ")
        fitting = [candidate for candidate in candidates(before) if candidate.startswith(word)]
        if len(fitting) == 1:
            buffer.insert_text(fitting[0][len(word) :] + " ")
        else:
            buffer.start_completion(insert_common_part=True)

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @bindings.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


class _WordCompleter(Completer):
    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before, _, word = document.text_before_cursor.rpartition(" ")
        for candidate in self._candidates(before):
            if candidate.startswith(word):
                yield Completion(candidate + " ", start_position=-len(word))
