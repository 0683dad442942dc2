"""The commands: `serve`, `join`, `trust`, and the classic `-s` and `-c`.

The options are the fields of `model.settings`. What a command needs is imported when it runs, so that `--help` and the
errors of the command line load neither network nor crypto libraries.
"""

import math
from collections.abc import Callable, Collection
from dataclasses import Field, fields, replace
from getpass import getuser
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin

import click

from chatapp import __version__
from chatapp.model.errors import CannotStart, ExitStatus, StorageFailed
from chatapp.model.join_link import JoinLink, checked_host, checked_port, parse_join_link
from chatapp.model.names import fault, fold
from chatapp.model.settings import ClientSettings, JoinArguments, ServerSettings

Settings = TypeVar("Settings", ServerSettings, ClientSettings)
Value = TypeVar("Value")


class UnusableArgument(click.ClickException):
    """One line on stderr, `Error: …`, as the classic command has it."""

    exit_code = ExitStatus.USAGE


def main() -> None:
    """Runs the command line; ends the process with one of `ExitStatus`."""
    chatapp(prog_name="chatapp")


# -- settings become options --------------------------------------------------------------------------------------
def flag(field: Field[Any]) -> str:
    """The option of a settings field: `--ack-timeout-s`."""
    return "--" + field.name.replace("_", "-")


def variable(field: Field[Any]) -> str:
    """The environment variable of a settings field: `CHATAPP_ACK_TIMEOUT_S`."""
    return "CHATAPP_" + field.name.upper()


def options(settings: type[Settings], only: Collection[str] = ()) -> list[click.Parameter]:
    """An option for each field of the settings, or for each of those named."""
    return [
        click.Option(
            [flag(field), field.name],
            type=_reader(field),
            is_flag=field.type is bool,
            default=field.default,
            show_default=str(field.default) not in ("", "False"),
            envvar=variable(field),
            help=field.metadata["help"],
        )
        for field in fields(settings)
        if field.name in only or not only
    ]


def from_environment(settings: type[Settings]) -> Settings:
    """The settings of a classic command, which has no options for them."""
    return settings(**click.Command("chatapp", params=options(settings)).make_context("chatapp", []).params)


def _reader(field: Field[Any]) -> Any:
    """What reads an option's text: by the field's name for ports, by its type for the others."""
    if field.name in ("port", "direct_port"):
        return {"port": port, "direct_port": port_or_0}[field.name]
    if get_origin(field.type) is Literal:
        return click.Choice(get_args(field.type))
    readers: dict[Any, Any] = {int: number, float: seconds, str: str, bool: bool}
    return readers[field.type]


# -- what people write, checked -----------------------------------------------------------------------------------
def accepted(check: Callable[[str], Value], text: str) -> Value:
    """What the check makes of the text; its complaint becomes the line that the person is shown."""
    try:
        return check(text)
    except ValueError as error:
        raise UnusableArgument(str(error)) from None


def port(text: str) -> int:
    """A port of the classic range."""
    return accepted(checked_port, str(text))


def port_or_0(text: str) -> int:
    """A port of the classic range, or 0 for one that the system chooses."""
    return 0 if str(text) == "0" else port(text)


def number(text: str) -> int:
    """A whole number from 1 on."""
    if (value := int(text)) < 1:
        raise ValueError(f"{text} is less than 1.")
    return value


def seconds(text: str) -> float:
    """A time from 0 on."""
    if not 0 <= (value := float(text)) < math.inf:
        raise ValueError(f"{text} is not a time.")
    return value


def usable_name(written: str) -> str:
    """The name as everybody will see it."""
    name = fold(written)
    if (what := fault(name)) is not None:
        raise UnusableArgument(what)
    return name


def login_name() -> str:
    """The name of the person at this machine."""
    try:
        return getuser()
    except (OSError, KeyError, ImportError):  # a container without a user of that number
        raise UnusableArgument("this account has no name: choose one with --name") from None


def classic_join(name: str, host: str, server_port: str, client_port: str) -> JoinArguments:
    """What the four words behind `-c` say."""
    server = JoinLink(accepted(checked_host, host), port(server_port))
    settings = replace(from_environment(ClientSettings), direct_port=port_or_0(client_port), plain=True)
    return JoinArguments(name=usable_name(name), **server._asdict(), classic=True, settings=settings)


# -- the commands -------------------------------------------------------------------------------------------------
@click.group(
    invoke_without_command=True,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Options can stand in the environment, --no-tls as CHATAPP_NO_TLS=1; -s and -c take theirs from there.",
)
@click.option("-s", "serve_on", type=port, metavar="PORT", help="Host a chat on that port.")
@click.option(
    "-c",
    "join_as",
    type=(str, str, str, str),
    metavar="NAME HOST PORT CLIENT_PORT",
    help="Join a chat. CLIENT_PORT: UDP, for private messages; 0 for any.",
)
@click.version_option(__version__, prog_name="chatapp", message="%(prog)s %(version)s")
@click.pass_context
def chatapp(context: click.Context, serve_on: int | None, join_as: tuple[str, str, str, str] | None) -> None:
    """Group chat for a network you own: one program hosts it, the same program joins it."""
    if sum(given is not None for given in (context.invoked_subcommand, serve_on, join_as)) > 1:
        raise click.UsageError("-s, -c and the commands exclude each other.")
    if serve_on is not None:
        _serve(replace(from_environment(ServerSettings), port=serve_on))
    if join_as is not None:
        _join(join_as[0], classic_join(*join_as))


@chatapp.command(params=options(ServerSettings))
def serve(**settings: Any) -> None:
    """Host a chat."""
    _serve(ServerSettings(**settings))


NAME = click.Option(["--name"], help="Who you are.  [default: your login name]")
LINK = click.Argument(["link"], metavar="HOST[:PORT]")


@chatapp.command(params=[LINK, NAME, *options(ClientSettings)])
def join(link: str, name: str | None, **settings: Any) -> None:
    """Join a chat.

    HOST is the server's address or host name, PORT 4000 if it isn't given. A join link, HOST:PORT/#KEY, says which key
    the server must have.
    """
    written, server = name or login_name(), accepted(parse_join_link, link)
    _join(written, JoinArguments(name=usable_name(written), **server._asdict(), settings=ClientSettings(**settings)))


@chatapp.command(params=[LINK, *options(ClientSettings, only=("data", "no_tls", "connect_timeout_s"))])
def trust(link: str, **settings: Any) -> None:
    """Accept a server's changed key.

    Ask its operator first why it changed: somebody may be standing between you and the server.
    """
    host, server_port, _ = accepted(parse_join_link, link)
    from chatapp.client.trust import run

    _end_with(lambda: run(host, server_port, ClientSettings(**settings)))


def _serve(settings: ServerSettings) -> NoReturn:
    from chatapp.server.main import run

    _end_with(lambda: run(settings))


def _join(written: str, arguments: JoinArguments) -> NoReturn:
    if arguments.name != written:
        click.echo(f"You are {arguments.name} here.")
    from chatapp.faces.plain.main import run

    _end_with(lambda: run(arguments))


def _end_with(run: Callable[[], ExitStatus]) -> NoReturn:
    """Ends the process with the status of what runs, or with the line that says why it can't."""
    try:
        status = run()
    except CannotStart as error:
        click.echo(error.line, err=True)
        status = error.status
    except StorageFailed as error:
        click.echo(
            f"Error: storage failed: {error}. Nothing acknowledged is lost; mend the disk and try again.", err=True
        )
        status = ExitStatus.STORAGE
    raise SystemExit(status)
