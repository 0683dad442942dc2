"""A directory of our own: where it is, that only its owner can look in, and that one process at a time holds it."""

import os
from pathlib import Path

import apsw
from platformdirs import user_data_path

from chatapp.model.errors import CannotStart, ExitStatus
from chatapp.store.database import DirectoryLock


def data_directory(chosen: str, usual: str) -> Path:
    """The chosen directory, or `usual` in the platform's place, made with mode 0700. Raises CannotStart, status 4."""
    path = Path(chosen) if chosen else user_data_path("chatapp") / usual
    os.umask(0o077)  # whatever this process makes from here on is its owner's alone
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(path.iterdir()):
            path.chmod(0o700)  # one that is in use keeps its mode: it may be somebody's, chosen by mistake
    except OSError as error:
        raise CannotStart(unusable(path, error), ExitStatus.STORAGE) from error
    return path


def hold(path: Path) -> DirectoryLock:
    """The directory, held by this process. Raises `DirectoryLock.Held`, or CannotStart, status 4."""
    try:
        return DirectoryLock(path)
    except (apsw.Error, OSError) as error:
        raise CannotStart(unusable(path, error), ExitStatus.STORAGE) from error


def unusable(path: Path, error: Exception) -> str:
    """The line for a directory that can't be used."""
    reason = getattr(error, "strerror", None) or str(error)
    return (
        f"Error: cannot use the data directory {path}: {reason}. Make it yours to write, or choose another with --data."
    )
