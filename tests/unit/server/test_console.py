"""CLASSIC: on the server's screen. A server under load isn't slowed by it: lines are dropped, counted, and said so."""

import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatapp.core.effects import Tell
from chatapp.core.snapshot import Snapshot, StoredClient
from chatapp.core.world import World, restored
from chatapp.model.ids import ClientNumber
from chatapp.model.limits import CONSOLE_LINES_MAX, CONSOLE_LINES_PER_S, CONSOLE_TEXT_CHARACTERS_MAX, TABLE_ROWS_MAX
from chatapp.model.settings import ServerSettings
from chatapp.server.console import Console
from chatapp.server.counts import Counts

PATIENCE_S = 5.0
FLOOD = CONSOLE_LINES_PER_S * 3
JSON = ServerSettings(log_format="json")


def said(text: str) -> Tell:
    return Tell("said", "aysha", "skii", text)


@contextmanager
def shown_by(output: Any) -> Iterator[None]:
    """Standard output is that."""
    before, sys.stdout = sys.stdout, output
    try:
        yield
    finally:
        sys.stdout = before


def on_screen(path: Path, happens: Callable[[Console], None], settings: ServerSettings | None = None) -> list[str]:
    """The lines that a file as standard output has after that."""
    with path.open("w") as output, shown_by(output):
        console = Console(settings or ServerSettings(), Counts())
        happens(console)
        console.close()
    return path.read_text().splitlines()


def world(*names: str) -> World:
    clients = [
        StoredClient(ClientNumber(n), name, b"", "device", (f"192.0.2.{n}:2000",)) for n, name in enumerate(names, 1)
    ]
    changed = restored(Snapshot(tuple(clients), ()), ServerSettings(), 1, 0.0)
    changed.roster_told = 1
    return changed


class TestLines:
    def test_what_happens_is_told_in_order(self, tmp_path: Path) -> None:
        def happens(console: Console) -> None:
            console.say(">>> Server is online")
            console.tell(Tell("created", "aysha", "skii"))
            console.tell(Tell("listed_groups", "sana", names=("skii", "zoo")))

        assert on_screen(tmp_path / "out", happens) == [
            ">>> Server is online",
            ">>> [Client aysha created group skii successfully]",
            ">>> [Client sana requested listing groups, current groups:]",
            ">>> skii",
            ">>> zoo",
        ]

    def test_where_it_is_no_terminal_no_texts_are_shown(self, tmp_path: Path) -> None:
        assert on_screen(tmp_path / "out", lambda console: console.tell(said("a secret"))) == [
            ">>> [Client aysha sent group message]"
        ]

    def test_quiet_is_quiet(self, tmp_path: Path) -> None:
        def happens(console: Console) -> None:
            console.say("a line")
            console.tell(said("hi"))
            console.show_table_if_changed(world("aysha"))

        assert on_screen(tmp_path / "out", happens, ServerSettings(quiet=True)) == []

    def test_for_machines_each_line_is_an_object(self, tmp_path: Path) -> None:
        def happens(console: Console) -> None:
            console.say(">>> Server is online")
            console.tell(said("a secret"))
            console.tell(Tell("listed_members", "sana", "skii", names=("aysha", "sana")))
            console.show_table_if_changed(world("aysha"))

        assert [json.loads(line) for line in on_screen(tmp_path / "out", happens, JSON)] == [
            {"what": "line", "text": ">>> Server is online"},
            {"what": "said", "client": "aysha", "group": "skii"},
            {"what": "listed_members", "client": "sana", "group": "skii", "names": ["aysha", "sana"]},
        ]


def on_terminal(happens: Callable[[Console], None], settings: ServerSettings | None = None) -> str:
    """The line that a terminal as standard output is sent after that."""
    screen, end = os.openpty()
    with os.fdopen(screen, "rb", buffering=0) as reading, os.fdopen(end, "w") as writing, shown_by(writing):
        console = Console(settings or ServerSettings(), Counts())
        happens(console)
        line = reading.readline()
        console.close()
    return line.decode().rstrip("\r\n")


class TestTerminal:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("hi all", "hi all"),
            ("two\nlines", "two lines"),
            ("\x1b[2J\x1b[Hcleared", "[2J[Hcleared"),
            ("a\u202eb\r\x00", "ab"),
            (">>> x\n>>> [Client sana left group skii]", ">>> x >>> [Client sana left group skii]"),
            ("x" * (CONSOLE_TEXT_CHARACTERS_MAX + 1), "x" * CONSOLE_TEXT_CHARACTERS_MAX),
        ],
        ids=["plain", "lines", "escapes", "controls", "forged", "long"],
    )
    def test_the_text_is_shown_on_one_line_and_cannot_touch_the_screen(self, text: str, shown: str) -> None:
        line = on_terminal(lambda console: console.tell(said(text)))

        assert line == f">>> [Client aysha sent group message: {shown}]"

    def test_nor_can_the_name_of_a_group_that_is_none(self) -> None:
        line = on_terminal(lambda console: console.tell(Tell("joining_failed", "aysha", "\x1b[2J\nx")))

        assert line == ">>> [Client aysha joining group [2J x failed, group does not exist]"

    def test_for_machines_no_text_there_either(self) -> None:
        line = on_terminal(lambda console: console.tell(said("a secret")), JSON)

        assert json.loads(line) == {"what": "said", "client": "aysha", "group": "skii"}


class TestTable:
    def test_is_shown_after_a_change_and_at_most_once_a_second(self, tmp_path: Path) -> None:
        def happens(console: Console) -> None:
            clients = world("aysha")
            console.show_table_if_changed(clients)
            console.show_table_if_changed(clients)
            clients.roster_told += 1
            console.show_table_if_changed(clients)

        assert on_screen(tmp_path / "out", happens) == [
            ">>> name   address    port  status   mode",
            ">>> aysha  192.0.2.1  2000  offline  normal",
        ]

    def test_has_so_many_rows(self, tmp_path: Path) -> None:
        clients = world(*(f"n{n}" for n in range(TABLE_ROWS_MAX + 7)))
        lines = on_screen(tmp_path / "out", lambda console: console.show_table_if_changed(clients))

        assert len(lines) == TABLE_ROWS_MAX + 2
        assert lines[-1] == ">>> and 7 more"

    def test_is_not_shown_when_nothing_changed(self, tmp_path: Path) -> None:
        clients = world("aysha")
        clients.roster_told = 0

        assert on_screen(tmp_path / "out", lambda console: console.show_table_if_changed(clients)) == []


class TestTooMuch:
    def test_what_comes_faster_than_anybody_reads_is_dropped_and_counted(self, tmp_path: Path) -> None:
        counts = Counts()
        with (tmp_path / "out").open("w") as output, shown_by(output):
            console = Console(ServerSettings(), counts)
            for _ in range(FLOOD):
                console.tell(said("hi"))
            console.close()
        lines = (tmp_path / "out").read_text().splitlines()
        messages = [line for line in lines if line == ">>> [Client aysha sent group message]"]

        assert CONSOLE_LINES_PER_S <= len(messages) < FLOOD
        assert len(messages) + counts.console_dropped == FLOOD

    @pytest.mark.parametrize("settings", [ServerSettings(), JSON], ids=["text", "json"])
    def test_what_was_dropped_is_said_in_the_way_of_all_lines(
        self, tmp_path: Path, settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock_s = [100.0]
        monkeypatch.setattr("chatapp.server.console.monotonic", lambda: clock_s[0])

        def happens(console: Console) -> None:
            for _ in range(FLOOD):
                console.tell(Tell("left", "aysha", "skii"))
            clock_s[0] += 1
            console.tell(Tell("left", "sana", "skii"))

        lines = on_screen(tmp_path / "out", happens, settings)
        notice = f">>> [{FLOOD - CONSOLE_LINES_PER_S} lines were too many for this screen.]"
        assert len(lines) == CONSOLE_LINES_PER_S + 2
        if settings is JSON:
            assert json.loads(lines[-2]) == {"what": "line", "text": notice}
        else:
            assert lines[-2] == notice

    @pytest.mark.parametrize("has_gone", [False, True], ids=["asleep", "gone"])
    def test_a_screen_that_nobody_reads_holds_nobody_up(self, has_gone: bool) -> None:
        """`serve | less`, or `| head`: the server goes on, and stops when it is told to."""
        pipe, counts = Pipe(has_gone), Counts()
        with shown_by(pipe):
            console = Console(ServerSettings(), counts)
            console.say("the first")
            pipe.is_written.wait(PATIENCE_S)
            for _ in range(CONSOLE_LINES_MAX * 2):
                console.say("one more")
            closed = threading.Event()
            threading.Thread(target=closes, args=(console, closed), daemon=True).start()
            has_closed = closed.wait(PATIENCE_S)
            pipe.is_read.set()

        assert has_closed
        assert counts.console_dropped >= CONSOLE_LINES_MAX


def closes(console: Console, closed: threading.Event) -> None:
    console.close()
    closed.set()


class Pipe(io.TextIOBase):
    """A full pipe whose reader is asleep, or gone."""

    def __init__(self, has_gone: bool) -> None:
        self.is_written = threading.Event()
        self.is_read = threading.Event()
        self._has_gone = has_gone

    def write(self, text: str, /) -> int:
        self.is_written.set()
        if self._has_gone:
            raise BrokenPipeError
        self.is_read.wait()
        return len(text)
