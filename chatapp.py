#!/usr/bin/env python3
"""The classic command in a clone: `python3 chatapp.py -s 4000`, on a machine that has Python and nothing else.

Makes `.venv` beside this file, installs requirements.lock into it, and runs the package there. It uses the standard
library only, and no syntax that Python 3.6 lacks, so that a Python that is too old gets a line and not a traceback.
"""

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (an older one comes this far)
    print("Error: chatapp needs Python 3.11 or newer: start it with one, as in: python3.12 chatapp.py", file=sys.stderr)
    sys.exit(2)

NEEDS_VENV = "this Python can't make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv"
NEEDS_FOLDER = "chatapp.py needs its whole folder, and writes .venv there: copy the folder to a place of yours"
NEEDS_NETWORK = "Connect to the network, or tell pip where to look (PIP_INDEX_URL, PIP_FIND_LINKS), and start again"
WAITING = "Another start is installing what chatapp needs: waiting for it."
USAGE_STATUS, INTERRUPTED_STATUS = 2, 130

WINDOWS = sys.platform == "win32"
HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.lock"
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "made"
"""Written last: a `.venv` without it, or made by another Python or of another lock file, is made anew."""
TURN = HERE / ".venv.turn"
"""Locked by the start that makes `.venv`."""
OPTIONAL = "iroh"
"""Has no source package, and markers can't name every machine that it has no wheel for (musl, 32 bits)."""


class Failed(Exception):
    """What is wrong and what to do, in one line."""


def main() -> int:
    """Makes `.venv` if need be, and runs the package in it; on POSIX it never returns from that."""
    command = [str(PYTHON), "-P", "-m", "chatapp", *sys.argv[1:]]
    try:
        if not is_made():
            make()
        if WINDOWS:
            return subprocess.call(command)
        os.execv(command[0], command)
    except Failed as failure:
        say(f"Error: {failure}")
    except OSError as error:
        say(f"Error: {error.filename}: {error.strerror}. {NEEDS_FOLDER}")
    except ValueError as error:  # how venv refuses a folder's name
        say(f"Error: {error} {NEEDS_FOLDER}")
    except KeyboardInterrupt:
        return INTERRUPTED_STATUS
    return USAGE_STATUS


def is_made() -> bool:
    """Whether `.venv` is whole, and of this Python and this lock file."""
    whole = fingerprint()
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == whole


def fingerprint() -> str:
    """What the stamp says of this Python and this lock file."""
    return "{}.{} {}".format(*sys.version_info[:2], hashlib.sha256(LOCK.read_bytes()).hexdigest())


def make() -> None:
    """Makes `.venv`, one start at a time: another one waits, and then finds it made."""
    with TURN.open("a") as turn:
        await_turn(turn.fileno())
        if is_made():
            return
        say(f"Installing what chatapp needs into {VENV}, once.")
        try:
            import venv
        except ImportError as error:
            raise Failed(NEEDS_VENV) from error
        venv.create(VENV, clear=True, symlinks=not WINDOWS)
        if run("ensurepip", "--default-pip", turn=turn.fileno()) is not None:
            raise Failed(NEEDS_VENV)
        install(LOCK.read_text(), turn.fileno())
        packages = sysconfig.get_path("purelib", "venv", {"base": str(VENV)})
        Path(packages, "chatapp.pth").write_text(os.path.relpath(HERE / "src", packages))
        STAMP.write_text(fingerprint())


def await_turn(turn: int) -> None:
    """Locks the file until it is closed, here and in the children that inherit it."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                return msvcrt.locking(turn, msvcrt.LK_LOCK, 1)
            except OSError:  # after ten seconds
                say(WAITING)
    else:
        import fcntl

        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(WAITING)
            fcntl.flock(turn, fcntl.LOCK_EX)


def install(lock: str, turn: int) -> None:
    """Installs what the lock file's text pins, and nothing whose hash isn't in it."""
    pinned = VENV / "pinned"
    pinned.write_text(lock)
    errors = run("pip", "install", "--quiet", "--require-hashes", "--requirement", str(pinned), turn=turn)
    if errors is not None and f"No matching distribution found for {OPTIONAL}=" in errors:
        say(f"There is no {OPTIONAL} for this machine: chatapp goes without direct links.")
        install(re.sub(rf"(?m)^{OPTIONAL}==(.*\\\n)*.*\n?", "", lock), turn)
    elif errors is not None:
        lines = [line for line in errors.splitlines() if line.startswith("ERROR: ")] or ["ERROR: pip was ended"]
        raise Failed(f"{lines[0].removeprefix('ERROR: ')}. {NEEDS_NETWORK}")


def run(*module: str, turn: int) -> "str | None":
    """Runs a module in `.venv`: None if it succeeded, else what it said. If we are killed, it keeps the turn."""
    done = subprocess.run(
        [str(PYTHON), "-P", "-m", *module],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        pass_fds=() if WINDOWS else (turn,),
    )
    return None if done.returncode == 0 else done.stderr


def say(line: str) -> None:
    """Tells the person; stdout is the conversation's."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
