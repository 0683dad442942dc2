"""`make bench`: measures what issue 2 promises, prints the figures, and keeps them in bench/README.md.

Nothing here is a test: a missed figure is printed as missed, and only what couldn't be measured fails.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
import measures
import private
import report
from serving import LOAD_CORE

_HERE = Path(__file__).parent
_BUILD = _HERE / "build"
_README = _HERE / "README.md"
_SYSTEMS: tuple[measures.System, ...] = ("chatapp", "C, a send() each", "C, joined")


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(description="Measures the speed of chatapp; bench/README.md says how.")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each fan-out is measured (5)")
    parser.add_argument("--keep-readme", action="store_true", help="only print; bench/README.md stays as it is")
    arguments = parser.parse_args()
    complaint = machine.complaint()
    if complaint is not None:
        sys.stderr.write(f"bench: {complaint}\n")
        return 1
    os.sched_setaffinity(0, {LOAD_CORE})
    _BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_BUILD) as directory:
        seen = _measure(measures.Workshop.build(Path(directory)), arguments.rounds, arguments.seconds)
    section = report.markdown(seen)
    print(section)
    if not arguments.keep_readme:
        report.write_into(_README, section)
        (_HERE / "results.json").write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n")
    return 0


def _measure(workshop: measures.Workshop, rounds: int, measured_s: float) -> dict[str, Any]:
    seen: dict[str, Any] = {
        "machine": machine.description(workshop.directory),
        "rounds": rounds,
        "measured_s": measured_s,
        **{name: [] for name in ("ready_s", "fan_out", "steady", "steady_peer", "disk_ms", "private_ms", "idle_kib")},
    }
    for number in range(1, rounds + 1):
        _progress(f"round {number} of {rounds}")
        seen["ready_s"].append(measures.ready_s(workshop))
        for readers in (100, 1000):
            for system in _SYSTEMS:
                run = measures.fan_out(workshop, system, readers, measured_s)
                seen["fan_out"].append(run)
                _progress(f"  {system}, {readers} readers: {run['deliveries_per_s'] / 1e6:.2f} million deliveries/s")
        seen["steady"].append(measures.steady(workshop, "chatapp", 100, measured_s))
        seen["steady_peer"].append(measures.steady(workshop, "C, joined", 100, measured_s))
        seen["disk_ms"].append(measures.disk_ms(workshop, measured_s))
        seen["private_ms"].append(private.round_trip_ms(workshop.new_data()))
        seen["idle_kib"].append(measures.idle_memory_kib(workshop))
    return seen


def _progress(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
