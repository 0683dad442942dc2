"""A real process of ours: started and ended by its pid, with an environment that holds only what the test says."""

import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import chatapp
from harness.journal import DONE, Journal
from harness.waiting import PATIENCE_S, lasting

Setting = str | int | float | bool
"""A field of `model.settings`: given to the process as CHATAPP_FIELD."""

_COMPLAINTS = (
    "Traceback (most recent call last)",
    "Fatal Python error",
    "Exception ignored",
    "never awaited",
    "never retrieved",
    "was destroyed but it is pending",
)
"""What Python and asyncio print when something went wrong that nobody handled."""
_STOP_STATES = 0 if sys.platform == "darwin" else os.WSTOPPED | os.WEXITED | os.WNOWAIT


def program(*arguments: str) -> list[str]:
    """The command that runs chatapp as it is imported here. -P: the clone's chatapp.py must not shadow the package."""
    return [sys.executable, "-P", "-m", "chatapp", *arguments]


def environment(home: Path, settings: Mapping[str, Setting]) -> dict[str, str]:
    """A clean environment: its own home, UTF-8, a usual terminal, and the settings."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "PYTHONPATH": str(Path(chatapp.__file__).parent.parent),
        "PYTHONFAULTHANDLER": "1",
    }
    for field, value in settings.items():
        variables[f"CHATAPP_{field.upper()}"] = str(int(value)) if isinstance(value, bool) else str(value)
    return variables


class Process(ABC):
    """A process that can be started again after it has ended. `settings` may be changed between two starts."""

    def __init__(
        self, name: str, command: Sequence[str], journal: Journal, home: Path, settings: Mapping[str, Setting]
    ) -> None:
        self.name = name
        self.command = list(command)
        self.home = home
        self.settings = dict(settings)
        self._journal = journal
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _spawn(self, variables: dict[str, str]) -> subprocess.Popen[bytes]:
        """Runs `command` and the threads that read what it writes."""

    @abstractmethod
    def _drain(self, patience_s: float) -> None:
        """Waits until all that the ended process wrote is read."""

    @abstractmethod
    def transcript(self) -> str:
        """All that it printed."""

    def start(self) -> None:
        """Starts it, or starts it again, with the same command, home and data."""
        assert not self.is_running, f"{self.name} is running already"
        self.home.mkdir(parents=True, exist_ok=True)
        self._journal.note(self.name, DONE, f"started: {' '.join(self.command[1:])}")
        self._process = self._spawn(environment(self.home, self.settings))

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        return self._started.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and hasn't ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was never started"
        return self._process

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._journal.note(self.name, DONE, f"gets {number.name}")
        self._started.send_signal(number)

    def suspend(self) -> None:
        """SIGSTOP: back when it stands still."""
        self.signal(signal.SIGSTOP)
        if _STOP_STATES:  # a signal is sent at once and obeyed a little later
            os.waitid(os.P_PID, self.pid, _STOP_STATES)

    def resume(self) -> None:
        """SIGCONT: it goes on."""
        self.signal(signal.SIGCONT)

    @contextmanager
    def suspended_for(self, span_s: float) -> Iterator[None]:
        """What happens inside happens while it stands still, for at least so long; then it goes on."""
        self.suspend()
        with lasting(span_s):
            yield
        self.resume()

    def stop(self, patience_s: float = PATIENCE_S) -> int:
        """SIGTERM: asks it to end, and waits. Returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.exit_status(patience_s)

    def kill9(self) -> None:
        """SIGKILL: back when it is dead."""
        self.signal(signal.SIGKILL)
        self.exit_status()

    def exit_status(self, patience_s: float = PATIENCE_S) -> int:
        """Waits until it has ended and all that it wrote is read. Minus the signal's number if one killed it."""
        try:
            status = self._started.wait(patience_s)
        except subprocess.TimeoutExpired:
            text = f"{self.name} was to end within {patience_s:g} s and printed\n{self.transcript()}"
            raise AssertionError(text) from None
        self._drain(patience_s)
        self._journal.note(self.name, DONE, f"ended with exit status {status}")
        return status

    def complaints(self) -> list[str]:
        """The lines of its output that tell of a bug."""
        return [line for line in self.transcript().split("\n") if any(complaint in line for complaint in _COMPLAINTS)]

    def end(self) -> None:
        """For the end of the test: kills it if it is still there. (It was asked before.)"""
        if self.is_running:
            self.kill9()
