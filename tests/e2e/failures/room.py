"""A disk with little room: no file of the process grows beyond a size, so that its writes fail as on a full disk.

A limit of the process (RLIMIT_FSIZE), since it needs no privileges and no mounting: SQLite then reports an I/O error
where a full disk gives it `database or disk is full`. Both come as the same exception.
"""

from harness.processes import Process

_BLOCK_BYTES = 512
"""What `ulimit -f` of a POSIX shell counts in."""


def give_room(process: Process, size_bytes: int) -> None:
    """From its next start on, no file that it writes grows beyond that."""
    give_all_room(process)
    limited = ["/bin/sh", "-c", 'ulimit -f "$0" && exec "$@"', str(size_bytes // _BLOCK_BYTES)]
    process.command[:0] = limited


def give_all_room(process: Process) -> None:
    """From its next start on, there is room again."""
    if process.command[0] == "/bin/sh":
        del process.command[:4]
