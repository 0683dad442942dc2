"""What the server counts, honestly: plain integers on the hot path, Prometheus' format when somebody asks."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


@dataclass(slots=True)
class Counts:
    """One instance, changed by the loop's thread alone; `connections` and `queued` are asked when they are shown."""

    sessions: Callable[[], int] = lambda: 0
    unauthenticated: int = 0
    queued: Callable[[], int] = lambda: 0
    received: int = 0
    stored: int = 0
    deliveries: int = 0
    delivered_bytes: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    catch_ups: int = 0
    probes: int = 0
    removals: int = 0
    stalls: int = 0
    console_dropped: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)


class _Collector(Collector):
    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        counts = self._counts
        yield GaugeMetricFamily("chatapp_sessions", "Connections that are logged in.", counts.sessions())
        yield GaugeMetricFamily("chatapp_unauthenticated", "Connections that aren't.", counts.unauthenticated)
        yield GaugeMetricFamily("chatapp_queued_writes", "Writes on their way to the disk.", counts.queued())
        for name, text, value in (
            ("messages_received", "Frames that sessions sent.", counts.received),
            ("messages_stored", "Group messages durable and acknowledged.", counts.stored),
            ("deliveries", "Entries handed to connections.", counts.deliveries),
            ("delivered_bytes", "Their bytes.", counts.delivered_bytes),
            ("commits", "Transactions, each with one fsync.", counts.commits),
            ("commit_seconds", "Time spent in them.", counts.commit_seconds),
            ("catch_ups", "Pieces of a log read for somebody behind.", counts.catch_ups),
            ("probes", "Probes sent.", counts.probes),
            ("removals", "Clients deregistered for silence.", counts.removals),
            ("stalls", "Times that this process or its disk stood still.", counts.stalls),
            ("console_lines_dropped", "Lines that the screen was too slow for.", counts.console_dropped),
        ):
            yield CounterMetricFamily(f"chatapp_{name}", text, value)
        for name, text, by_code in (
            ("refusals", "Requests refused, by code.", counts.refusals),
            ("violations", "Connections closed for breaking the protocol, by code.", counts.violations),
        ):
            family = CounterMetricFamily(f"chatapp_{name}", text, labels=["code"])
            for code, value in by_code.items():
                family.add_metric([code], value)
            yield family


def exposition(counts: Counts) -> bytes:
    """All counts in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(counts))
    return generate_latest(registry)
