"""From what was seen to the figures that are printed and kept in bench/README.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from measures import Seen

_BEGIN, _END = "<!-- figures -->", "<!-- end of figures -->"
_BAR_CHARACTERS = 40
_OTHERS_BUSY_MAX = 0.15
"""Of a core, the kernel's own work and this program's included; undisturbed runs stay below a tenth."""


@dataclass(frozen=True)
class Figure:
    """One thing that was promised. values: of each round; the median counts."""

    what: str
    values: list[float]
    wanted: Literal["at least", "at most", "under"]
    target: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether the median keeps the promise."""
        value = median(self.values)
        match self.wanted:
            case "at least":
                return value >= self.target
            case "at most":
                return value <= self.target
            case "under":
                return value < self.target

    def row(self) -> tuple[str, ...]:
        """Its line of the table."""
        if not self.values:
            return (f"{self.what}, {self.unit}", f"{self.wanted} {_number(self.target)}", "can't be measured here", "")
        measured = _number(median(self.values))
        if len(self.values) > 1:
            measured += f" ({_number(min(self.values))} to {_number(max(self.values))})"
        return (
            f"{self.what}, {self.unit}",
            f"{self.wanted} {_number(self.target)}",
            measured,
            "met" if self.is_met else "**missed**",
        )


def figures(seen: dict[str, Any]) -> list[Figure]:
    """What issue 2 promises, in its order."""
    hundred, thousand = (_of(seen["fan_out"], "chatapp", readers) for readers in (100, 1000))
    private = [times for times in seen["private_ms"] if times is not None]
    return [
        Figure("deliveries, 100 readers", _each(hundred, "deliveries_per_s"), "at least", 2e6, "a second"),
        Figure("deliveries, 1,000 readers", _each(thousand, "deliveries_per_s"), "at least", 4e6, "a second"),
        Figure("durable messages, 100 readers", _each(hundred, "messages_per_s"), "at least", 20e3, "a second"),
        Figure(
            "delivery at 50 messages a second to 100 readers, 99th percentile",
            [run["delivery_ms"]["p99"] for run in seen["steady"]],
            "under",
            5,
            "ms",
        ),
        Figure("memory for each idle connection", seen["idle_kib"], "at most", 25, "KiB"),
        Figure("from exec to ready", seen["ready_s"], "under", 0.7, "s"),
        Figure("private message, round trip, median", _each(private, "p50"), "under", 3, "ms"),
    ]


def markdown(seen: dict[str, Any]) -> str:
    """The figures section of bench/README.md."""
    runs: list[Seen] = seen["fan_out"]
    kinds = list(dict.fromkeys((run["readers"], run["system"]) for run in runs))
    by_kind = {kind: _of(runs, kind[1], kind[0]) for kind in kinds}
    lines = [f"- {name}: {value}" for name, value in seen["machine"].items()]
    lines += [
        f"- rounds: {seen['rounds']}, of {seen['measured_s']:g} s each; medians, lowest to highest in brackets",
        "",
    ]
    lines += _table(("figure", "promised", "measured", ""), (figure.row() for figure in figures(seen)))
    others = max(_each(runs + seen["steady"], "others_busy"))
    if others > _OTHERS_BUSY_MAX:
        lines += [
            "",
            f"**Disturbed:** something else took up to {others:.0%} of a core in a run. Measure again in quiet.",
        ]
    p50, p99 = (median(_each(seen["disk_ms"], name)) for name in ("p50", "p99"))
    peer_ms = median(run["delivery_ms"]["p99"] for run in seen["steady_peer"])
    lines += [
        "",
        f"At the same 50 a second, the 99th percentile of fdatasync alone is {p99:.2f} ms (median {p50:.2f}),",
        f"and that of a delivery by *C, joined*, which keeps nothing, {peer_ms:.2f} ms.",
    ]
    lines += ["", "Beside the peers, 64 messages in flight:", ""]
    header = (
        "readers", "server", "deliveries/s", "messages/s", "delivery p50 / p99, ms", "server µs for each delivery",
        "server busy", "others busy", "load busy", "chatapp : this",
    )  # fmt: skip
    lines += _table(header, (_peer_row(kind, by_kind) for kind in kinds))
    lines += ["", "```", *_bars({kind: median(_each(by_kind[kind], "deliveries_per_s")) for kind in kinds}), "```"]
    return "\n".join(lines)


def write_into(readme: Path, section: str) -> None:
    """Puts the section between the markers."""
    text = readme.read_text()
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    readme.write_text(f"{before}{_BEGIN}\n{section}\n{_END}{after}")


def _of(runs: list[Seen], system: str, readers: int) -> list[Seen]:
    return [run for run in runs if run["system"] == system and run["readers"] == readers]


def _each(runs: list[Seen], name: str) -> list[float]:
    return [run[name] for run in runs]


def _peer_row(kind: tuple[int, str], by_kind: dict[tuple[int, str], list[Seen]]) -> tuple[str, ...]:
    runs, ours = by_kind[kind], by_kind[kind[0], "chatapp"]
    # Each round's own ratio: what the machine does to one of a round's servers it does to the others too.
    ratios = [a["deliveries_per_s"] / b["deliveries_per_s"] for a, b in zip(ours, runs, strict=True)]
    return (
        f"{kind[0]:,}",
        kind[1],
        _number(median(_each(runs, "deliveries_per_s"))),
        _number(median(_each(runs, "messages_per_s"))),
        " / ".join(f"{median([run['delivery_ms'][p] for run in runs]):.1f}" for p in ("p50", "p99")),
        f"{median(_each(runs, 'server_us_per_delivery')):.2f}",
        f"{median(_each(runs, 'server_busy')):.0%}",
        f"{median(_each(runs, 'others_busy')):.0%}",
        f"{median(_each(runs, 'load_busy')):.0%}",
        "" if kind[1] == "chatapp" else f"{median(ratios):.2f}",
    )


def _bars(deliveries: dict[tuple[int, str], float]) -> list[str]:
    most = max(deliveries.values())
    return [
        f"{readers:>5,} readers  {system:18} {'█' * round(_BAR_CHARACTERS * value / most) or '▏'} {value / 1e6:.2f} M/s"
        for (readers, system), value in deliveries.items()
    ]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (header, ("---",) * len(header), *rows)]


def _number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if value >= 1000:
        return f"{round(value, 3 - len(str(int(value)))):,.0f}"
    return f"{value:.3g}"
