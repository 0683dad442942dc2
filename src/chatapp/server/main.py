"""The server's composition root: what is made, in which order, and how it ends."""

import asyncio
import contextlib
import errno
import gc
import secrets
import signal
import socket
import ssl
import sys
import traceback
from pathlib import Path

from aiohttp import web

from chatapp.core.core import Core
from chatapp.model import lines
from chatapp.model.errors import CannotStart, ExitStatus, StorageFailed
from chatapp.model.limits import INSTALLATION_BITS
from chatapp.model.settings import ServerSettings
from chatapp.server.appender import Appender
from chatapp.server.console import Console
from chatapp.server.counts import Counts
from chatapp.server.interpreter import Interpreter, present
from chatapp.server.listener import Listener
from chatapp.server.reader import LogReader
from chatapp.server.tls import fingerprint, own_certificate, server_context
from chatapp.store.database import DirectoryLock
from chatapp.store.directory import data_directory, hold, unusable
from chatapp.store.sqlite import SqliteStore
from chatapp.tasks import TaskKeeper

_BACKLOG = 4096
_SHUTDOWN_TIMEOUT_S = 1.0
"""How long a stop waits for requests that are being answered."""


def run(settings: ServerSettings) -> ExitStatus:
    """Serves until it is told to stop. Raises CannotStart."""
    directory = data_directory(settings.data, "server")
    try:
        lock = hold(directory)
    except DirectoryLock.Held:
        line = (
            f"Error: a server is running with the data directory {directory}. Stop it, or choose another with --data."
        )
        raise CannotStart(line, ExitStatus.USAGE) from None
    try:
        certificate, private_key, server_id = _certificate(settings, directory)
        context = None if settings.no_tls else server_context(certificate, private_key)
        store = SqliteStore(directory / "server.db")
        loop_factory = None
        with contextlib.suppress(ImportError):  # Windows has none; asyncio's own is slower, not different
            import uvloop

            loop_factory = uvloop.new_event_loop
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(_serve(settings, store, context, server_id))
    finally:
        lock.release()


def _certificate(settings: ServerSettings, directory: Path) -> tuple[Path, Path, str]:
    """The certificate, its key, and the server's id: the host name of a trusted certificate, else the fingerprint."""
    if settings.certificate:
        if not settings.private_key or not settings.host_name:
            raise CannotStart("Error: --certificate needs --private-key and --host-name", ExitStatus.USAGE)
        return Path(settings.certificate), Path(settings.private_key), settings.host_name
    try:
        certificate, private_key = own_certificate(directory)
    except OSError as error:
        raise CannotStart(unusable(directory, error), ExitStatus.STORAGE) from error
    return certificate, private_key, settings.host_name or fingerprint(certificate)


class _Ending:
    """Why the server ends: it was told to, the store failed, or a bug of ours."""

    def __init__(self) -> None:
        self.status = ExitStatus.DONE
        self.event = asyncio.Event()

    def asked(self) -> None:
        """By a signal."""
        self.event.set()

    def failed(self, error: BaseException) -> None:
        """By what can't go on: nothing more is acknowledged."""
        if isinstance(error, StorageFailed):
            line = f"Error: storage failed, {error}. Nothing acknowledged is lost; free the disk and start again."
            sys.stderr.write(line + "\n")
            self.status = ExitStatus.STORAGE
        else:
            traceback.print_exception(error)
            self.status = ExitStatus.GONE
        self.event.set()


async def _serve(
    settings: ServerSettings, store: SqliteStore, context: ssl.SSLContext | None, server_id: str
) -> ExitStatus:
    ending = _Ending()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            asyncio.get_running_loop().add_signal_handler(number, ending.asked)
    tasks = TaskKeeper(lambda name, error: ending.failed(error))
    counts = Counts()
    console = Console(settings, counts)
    boot = secrets.randbits(INSTALLATION_BITS)
    core = Core(store.load(), settings, boot, lambda: secrets.token_hex(8), present())
    log = LogReader(store)
    interpreter = Interpreter(core, log, console, counts, tasks.start)
    appender = Appender(store, interpreter.settle, ending.failed)
    interpreter.attach(appender)
    counts.sessions = lambda: len(core.world.sessions)
    counts.queued = lambda: appender.unsettled
    ports: list[socket.socket] = []
    listener = Listener(settings, server_id, interpreter, appender, counts)
    runner = web.AppRunner(listener.application(), handle_signals=False, shutdown_timeout=_SHUTDOWN_TIMEOUT_S)
    await runner.setup()
    try:
        ports = _listen(settings)
        door = listener.door(runner, context, tasks.start)
        for port in ports:
            tasks.start(door.open(port), "door")
        tasks.start(interpreter.keep_time(listener.sweep), "time")
        _greet(console, settings)
        gc.freeze()  # what a start makes stays for good: the collector needn't look at it again
        await ending.event.wait()
    finally:
        await tasks.close()
        for port in ports:
            port.close()
        if ending.status is ExitStatus.DONE:
            await interpreter.stop()
            await appender.close()
        await runner.cleanup()
        log.close()
        with contextlib.suppress(StorageFailed):  # told already, if it is news
            store.close()
        console.close()
    return ending.status


def _listen(settings: ServerSettings) -> list[socket.socket]:
    """A socket for each address. Raises CannotStart when the port can't be had."""
    listening: list[socket.socket] = []
    missing: OSError | None = None
    try:
        for family, _, _, _, address in socket.getaddrinfo(
            settings.bind or None, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            try:
                port = socket.create_server(address, family=family, backlog=_BACKLOG)
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    raise
                missing = error  # a family that this machine doesn't have
            else:
                port.setblocking(False)
                listening.append(port)
        if not listening and missing is not None:
            raise missing
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            line = f"Error: port {settings.port} is in use. Stop the other program, or choose another port."
        else:
            reason = str(error.strerror).partition(" (")[0]  # the rest is for programmers
            line = f"Error: cannot listen on port {settings.port}: {reason}"
        raise CannotStart(line, ExitStatus.USAGE) from error
    return listening


def _greet(console: Console, settings: ServerSettings) -> None:
    console.say(lines.ONLINE)
    console.say(lines.how_to_join(settings.bind or _network_address(), settings.port, no_tls=settings.no_tls))
    console.say(lines.OPEN_TO_EVERYONE)
    if settings.no_tls:
        console.say(lines.WITHOUT_TLS)


def _network_address() -> str:
    """This machine's address as others on the network see it; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737: the route to it is the route out
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
