"""The servers that are measured: started on a core of their own, asked how they do, ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

SERVER_CORE = 0
LOAD_CORE = 1
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 20.0
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _core_cpu_s(core: int) -> float:
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(int, line.split()[1:])
    return (user + nice + system + irq + softirq + steal) / _TICKS_PER_S


class Server:
    """A server's process, pinned to SERVER_CORE with all its threads, from `with` to the end of it.

    ready_s: from exec to the first answer: of /healthz if there is one, else the first accepted connection.
    """

    def __init__(self, command: list[str], port: int, *, healthz: bool) -> None:
        self.port = port
        self._healthz = healthz
        started = time.monotonic()
        self._process = subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}))
        try:
            self._wait_until_ready(started + _START_TIMEOUT_S)
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        self.ready_s = time.monotonic() - started

    @classmethod
    def chatapp(cls, data: Path) -> Self:
        """`chatapp serve` as it comes, but for TLS."""
        port = free_port()
        options = ["--port", str(port), "--no-tls", "--bind", "127.0.0.1", "--data", str(data), "--quiet"]
        return cls([sys.executable, "-P", "-m", "chatapp", "serve", *options], port, healthz=True)

    @classmethod
    def peer(cls, program: Path, mode: str) -> Self:
        """`peer.c`."""
        port = free_port()
        return cls([str(program), str(port), mode], port, healthz=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def cpu_s(self) -> dict[str, float]:
        """Processor time so far, user and system: of the server with all its threads, and of both cores, whoever
        used them (proc(5))."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return {
            "server_cpu_s": (int(fields[11]) + int(fields[12])) / _TICKS_PER_S,
            "cores_cpu_s": sum(_core_cpu_s(core) for core in (SERVER_CORE, LOAD_CORE)),
        }

    def resident_kib(self) -> int:
        """Its memory as the kernel counts it (proc(5), VmRSS)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def _wait_until_ready(self, deadline: float) -> None:
        while not self._is_ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self._process.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError("the server didn't start in time")
            time.sleep(0.002)

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1.0) as connection:
                if not self._healthz:
                    return True
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False
