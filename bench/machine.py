"""What the figures were measured on, and whether it can be measured here at all."""

import os
import platform
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import apsw

_ROOT = Path(__file__).parent.parent


def complaint() -> str | None:
    """Why nothing can be measured here, if so."""
    if sys.platform != "linux":
        return "the load generator needs Linux (epoll)."
    if len(os.sched_getaffinity(0)) < 2:
        return "one core is for the server and one for the load; this machine has one."
    if shutil.which("cc") is None:
        return "there is no C compiler (cc)."
    return None


def description(disk: Path) -> dict[str, str]:
    """The machine, the software, the day. disk: a directory where the logs are made durable."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": _file_system(disk.resolve()),
        "Python": f"{platform.python_version()}, {_packages()}",
    }


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", _ROOT, *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    commit = git("rev-parse", "--short", "HEAD")
    if not commit:
        return "none"
    return f"{commit}, and changes after it" if git("status", "--porcelain", "src") else commit


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _file_system(directory: Path) -> str:
    """The type of the file system, as the last mount above the directory has it (proc(5))."""
    found = "unknown"
    longest = -1
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if directory.is_relative_to(where) and len(where) >= longest:
            found, longest = kind, len(where)
    return found


def _packages() -> str:
    def one(name: str) -> str:
        try:
            return f"{name} {version(name)}"
        except PackageNotFoundError:
            return f"no {name}"

    return ", ".join((*map(one, ("uvloop", "aiohttp", "msgspec", "apsw")), f"SQLite {apsw.sqlite_lib_version()}"))
