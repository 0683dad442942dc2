"""The command line: what becomes of each setting, the classic words, their errors, and what is imported for them."""

import subprocess
import sys
from dataclasses import Field, fields, replace
from typing import Any, get_args

import pytest
from click.testing import CliRunner

from chatapp import __version__
from chatapp.cli import chatapp, classic_join, flag, from_environment, join, serve, variable
from chatapp.model.join_link import JoinLink
from chatapp.model.settings import ClientSettings, JoinArguments, ServerSettings

PORT_LINE = "Error: Port number is not in range [1024, 65535]\n"
HOST_LINE = "Error: invalid IP address\n"
HEAVY = {"aiohttp", "apsw", "asyncio", "cryptography", "iroh", "msgspec", "prompt_toolkit", "ssl", "uvloop"}

FIELDS = [(settings, field) for settings in (ServerSettings, ClientSettings) for field in fields(settings)]


def other_value(field: Field[Any]) -> Any:
    """A value that isn't the field's default."""
    if get_args(field.type):
        return get_args(field.type)[-1]
    return {bool: True, float: 1.25, int: 5000, str: "elsewhere"}[type(field.default)]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for _, field in FIELDS:
        monkeypatch.delenv(variable(field), raising=False)


@pytest.mark.parametrize(("settings", "field"), FIELDS, ids=lambda part: getattr(part, "name", None))
def test_each_setting_has_an_option_and_a_variable(
    settings: Any, field: Field[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    value = other_value(field)
    chosen = replace(settings(), **{field.name: value})

    command, rest = (serve, []) if settings is ServerSettings else (join, ["localhost"])
    words = [flag(field)] if value is True else [flag(field), str(value)]
    given = command.make_context(None, [*words, *rest]).params
    assert settings(**{name: given[name] for name in given if name not in ("name", "link")}) == chosen

    monkeypatch.setenv(variable(field), "1" if value is True else str(value))
    assert from_environment(settings) == chosen


def test_a_switch_in_the_environment_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATAPP_NO_TLS", "0")
    assert from_environment(ServerSettings) == ServerSettings()


def test_the_classic_words_and_the_environment_make_the_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATAPP_TRIES", "7")
    assert classic_join("Aysha", "localhost", "4000", "2000") == JoinArguments(
        name="aysha",
        host="localhost",
        port=4000,
        classic=True,
        settings=ClientSettings(direct_port=2000, tries=7, plain=True),
    )
    assert classic_join("sana", "::1", "65535", "0").settings.direct_port == 0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("-s 1023", PORT_LINE),
        ("-s 65536", PORT_LINE),
        ("-s 0", PORT_LINE),
        ("-s four", PORT_LINE),
        ("serve --port 80", PORT_LINE),
        ("-c aysha localhost 80 2000", PORT_LINE),
        ("-c aysha localhost 4000 80", PORT_LINE),
        ("-c aysha localhost 4000 -1", PORT_LINE),
        ("join localhost:80", PORT_LINE),
        ("join localhost --direct-port 80", PORT_LINE),
        ("trust localhost:80", PORT_LINE),
        ("-c aysha 1.2.3 4000 2000", HOST_LINE),
        ("join 256.0.0.1", HOST_LINE),
        ("join no/host", HOST_LINE),
        ("-c a/b localhost 4000 2000", "Error: a name has letters, digits, '-', '_' and '.' only\n"),
        ("join localhost --name -", "Error: a name begins with a letter or a digit\n"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(words: str, line: str) -> None:
    end = CliRunner().invoke(chatapp, words.split())
    assert (end.exit_code, end.stdout, end.stderr) == (2, "", line)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("-c aysha localhost 4000", "Error: Option '-c' requires 4 arguments."),
        ("-s 4000 serve", "Error: -s, -c and the commands exclude each other."),
        ("serve --probes 0", "Error: Invalid value for '--probes': 0 is less than 1."),
        ("serve --ack-timeout-s -1", "Error: Invalid value for '--ack-timeout-s': -1 is not a time."),
        ("serve --ack-timeout-s nan", "Error: Invalid value for '--ack-timeout-s': nan is not a time."),
        ("serve --log-format xml", "Error: Invalid value for '--log-format': 'xml' is not one of 'text', 'json'."),
    ],
)
def test_wrong_usage_ends_with_the_line_that_says_what(words: str, line: str) -> None:
    end = CliRunner().invoke(chatapp, words.split())
    assert (end.exit_code, end.stdout) == (2, "")
    assert end.stderr.splitlines()[-1] == line


def test_nothing_shows_the_help() -> None:
    end = CliRunner().invoke(chatapp, [])
    assert (end.exit_code, end.stdout) == (2, "")
    assert "-c NAME HOST PORT CLIENT_PORT" in end.stderr


def test_the_version() -> None:
    assert CliRunner().invoke(chatapp, ["--version"]).stdout == f"chatapp {__version__}\n"


@pytest.mark.parametrize("words", ["--help", "serve --help", "join --help", "-s 80", "-c aysha 1.2.3 4000 2000"])
def test_help_and_errors_load_neither_network_nor_crypto(words: str) -> None:
    code = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); from chatapp.cli import main; main()"
    command = [sys.executable, "-P", "-c", code, *words.split()]
    loaded = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()[-1].split()
    assert "chatapp.cli" in loaded
    assert not HEAVY & set(loaded)


def test_a_folded_name_is_told_before_anything() -> None:
    command = [sys.executable, "-P", "-m", "chatapp", "-c", "Aysha", "localhost", "4000", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "You are aysha here.\n"
        process.kill()


def test_a_default_join_link_has_the_default_port_of_the_server() -> None:
    assert JoinLink("localhost").port == ServerSettings().port
