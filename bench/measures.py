"""What is measured: each function runs one server from start to end and returns what it saw."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Literal

from crowd import Crowd, Talk, connect
from serving import Server

SENDERS = 8
IN_FLIGHT = 64
STEADY_PER_S = 50
WARM_UP_S = 1.0
_IDLE_BEFORE, _IDLE_MORE = 100, 1000
_IDLE_SETTLING_S = 4.0
"""Roster changes are told once in 0.25 s and a millisecond for each client: by then the last one has gone out."""
_STARTS = 5

System = Literal["chatapp", "C, a send() each", "C, joined"]
Seen = dict[str, Any]


@dataclass(frozen=True)
class Workshop:
    """Where a run works: a directory on the disk that the log is to be durable on, and the compiled programs."""

    directory: Path
    load: Path
    peer: Path

    @classmethod
    def build(cls, directory: Path) -> "Workshop":
        """Compiles the C programs into the directory."""
        made = []
        for name in ("load", "peer"):
            source, program = Path(__file__).parent / f"{name}.c", directory / name
            subprocess.run(["cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-o", program, source], check=True)
            made.append(program)
        return cls(directory, *made)

    def new_data(self) -> Path:
        """A server's empty data directory."""
        return Path(tempfile.mkdtemp(prefix="data-", dir=self.directory))

    def serve(self, system: System) -> Server:
        """A fresh server."""
        match system:
            case "chatapp":
                return Server.chatapp(self.new_data())
            case "C, a send() each":
                return Server.peer(self.peer, "each")
            case "C, joined":
                return Server.peer(self.peer, "joined")


def fan_out(workshop: Workshop, system: System, readers: int, measured_s: float) -> Seen:
    """As fast as it goes: SENDERS of the members keep IN_FLIGHT messages of 100 bytes in flight, all members read."""
    talk = Talk(senders=SENDERS, in_flight=IN_FLIGHT, warm_up_s=WARM_UP_S, measured_s=measured_s, sample_every=16)
    return _converse(workshop, system, readers, talk)


def steady(workshop: Workshop, system: System, readers: int, measured_s: float) -> Seen:
    """Far from its limit: STEADY_PER_S messages a second in all, every delivery timed."""
    talk = Talk(senders=SENDERS, per_s=STEADY_PER_S, warm_up_s=WARM_UP_S, measured_s=measured_s, sample_every=1)
    return _converse(workshop, system, readers, talk)


def _converse(workshop: Workshop, system: System, readers: int, talk: Talk) -> Seen:
    with workshop.serve(system) as server:
        connections = connect(server.port, readers, logged_in=system == "chatapp")
        if system == "chatapp":
            connections[0].create_group()
        with Crowd(workshop.load, connections, talk) as crowd:
            seen = crowd.measure(server.cpu_s)
    seconds, deliveries = seen["seconds"], max(1, seen["deliveries"])
    return seen | {
        "system": system,
        "readers": readers,
        "deliveries_per_s": seen["deliveries"] / seconds,
        "messages_per_s": seen["stored"] / seconds,
        "server_us_per_delivery": seen["server_cpu_s"] / deliveries * 1e6,
        "server_busy": seen["server_cpu_s"] / seconds,
        "others_busy": max(0.0, seen["cores_cpu_s"] - seen["server_cpu_s"] - seen["load_cpu_s"]) / seconds,
        "load_busy": seen["load_cpu_s"] / seconds,
    }


def idle_memory_kib(workshop: Workshop) -> float:
    """Server memory for each of _IDLE_MORE more connections, logged in and silent, with their rows of the roster."""
    with (
        workshop.serve("chatapp") as server,
        Crowd(workshop.load, connect(server.port, _IDLE_BEFORE), None) as some,
    ):
        some.wait_for("idle")
        time.sleep(_IDLE_SETTLING_S)
        before_kib = server.resident_kib()
        with Crowd(workshop.load, connect(server.port, _IDLE_MORE, first=_IDLE_BEFORE), None) as more:
            more.wait_for("idle")
            time.sleep(_IDLE_SETTLING_S)
            return (server.resident_kib() - before_kib) / _IDLE_MORE


def ready_s(workshop: Workshop) -> float:
    """From exec to the first answer of /healthz, on an empty data directory; the median of _STARTS."""
    times = []
    for _ in range(_STARTS):
        with workshop.serve("chatapp") as server:
            times.append(server.ready_s)
    return median(times)


def disk_ms(workshop: Workshop, measured_s: float) -> dict[str, float]:
    """What the disk takes of each delivery: STEADY_PER_S times a second 4 KiB and fdatasync, as a commit does."""
    times_ms = []
    with tempfile.TemporaryFile(dir=workshop.directory) as file:
        for _ in range(int(measured_s * STEADY_PER_S)):
            time.sleep(1 / STEADY_PER_S)
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            times_ms.append((time.perf_counter() - started) * 1000)
    return {"p50": median(times_ms), "p99": quantiles(times_ms, n=100)[98]}
