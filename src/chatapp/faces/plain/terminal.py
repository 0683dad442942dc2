"""A person's terminal: line editing, history and completion by prompt_toolkit; lines that come appear above the prompt.

The cursor query stays off: where a terminal doesn't answer it, lines would change places.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

os.environ["PROMPT_TOOLKIT_NO_CPR"] = "1"  # read when prompt_toolkit makes its output

from prompt_toolkit import PromptSession
from prompt_toolkit.application.current import set_app
from prompt_toolkit.application.run_in_terminal import in_terminal
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import AnyFormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from chatapp.faces.plain.words import prompt
from chatapp.model.shown import shown

Candidates = Callable[[str], Iterable[str]]
"""What may stand after a word at the beginning of a line; after nothing, the commands."""


class Terminal:
    """group: gives the name of the group one is in; candidates: what may be completed."""

    def __init__(self, group: Callable[[], str | None], candidates: Candidates) -> None:
        self._group = group
        self._notice = ""
        self._session: PromptSession[str] = PromptSession(
            message=self._message,
            multiline=True,
            key_bindings=_bindings(candidates),
            completer=_WordCompleter(candidates),
            complete_while_typing=False,
            erase_when_done=True,  # what was typed is written again as a line among the others
            prompt_continuation="    ",
            enable_history_search=False,
        )

    async def show(self, lines: Sequence[str]) -> None:
        """Writes above the prompt; what is being typed stays."""
        if not lines:
            return
        text = "\n".join(lines) + "\n"
        app = self._session.app
        if app.is_running:
            with set_app(app):
                async with in_terminal():
                    _write(text)
        else:
            _write(text)

    async def hold(self, lines: Sequence[str]) -> None:
        """The one line that grows, above the prompt."""
        self._notice = "".join(line + "\n" for line in lines)
        self._session.app.invalidate()

    async def typed(self) -> AsyncIterator[str]:
        """What is entered, until Ctrl-D or Ctrl-C."""
        while True:
            try:
                yield await self._session.prompt_async(handle_sigint=False)
            except (EOFError, KeyboardInterrupt):
                return

    def echo(self, typed: str) -> str:
        """The prompt and what was typed, as it stood there."""
        return prompt(self._group()) + shown(typed)

    def close(self) -> None:
        """prompt_toolkit has restored the terminal when its prompt was cancelled."""
        sys.stdout.flush()

    def _message(self) -> AnyFormattedText:
        return self._notice + prompt(self._group())


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


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
