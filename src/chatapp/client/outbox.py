"""The outbox: requests to the server in strict order, each until it is answered (protocol section 3). Pure.

A request is tried twice on a connection, then on a fresh one, with the same id each time, five times in all. What was
typed counts its tries, and at the end the classic client gives up; what the client does by itself never gives up. A
try that finds no connection is a try all the same: its time passes.
"""

from dataclasses import dataclass, field

from chatapp.model.limits import REQUESTS_IN_FLIGHT_MAX
from chatapp.model.messages import Requests
from chatapp.model.timing import RoundTrip

_TRIES_ON_A_CONNECTION = 2


@dataclass(slots=True)
class Item:
    """A request on its way. due: when its present try is over; tried_here: tries on the present connection."""

    request: Requests
    typed: bool
    tries: int = 0
    tried_here: int = 0
    due: float = 0.0
    sent_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What time has made of the outbox."""

    resend: tuple[Requests, ...] = ()
    reconnect: bool = False
    gave_up: bool = False


@dataclass(slots=True)
class Outbox:
    """tries_max: tries of a typed request before giving up, or None for never."""

    round_trip: RoundTrip
    tries_max: int | None
    items: dict[str, Item] = field(default_factory=dict)
    not_before: float = 0.0

    def add(self, request: Requests, now: float, *, typed: bool) -> None:
        """A request behind all others."""
        self.items[request.id] = Item(request, typed, tries=1, due=now + self.round_trip.timeout_s)

    def add_first(self, request: Requests, now: float) -> None:
        """A request of the client's own, before all others: taking up one's group again."""
        others, self.items = self.items, {}
        self.add(request, now, typed=False)
        self.items.update(others)

    def disconnected(self) -> None:
        """Whatever was sent may be lost with the connection: all of it goes out on the next one."""
        for item in self.items.values():
            item.tried_here = 0

    def postpone(self, id: str, until: float) -> None:
        """The server was asked too fast, or refused what stood behind such a request: it goes out again, in its place,
        and nothing overtakes it. That is no try."""
        item = self.items.get(id)
        if item is not None:
            item.tried_here = 0
            item.tries = 1
            self.not_before = max(self.not_before, until)

    def ready(self, now: float) -> list[Requests]:
        """What wasn't sent on this connection yet, in order, as much as may be on the way."""
        if now < self.not_before:
            return []
        on_the_way = sum(1 for item in self.items.values() if item.tried_here)
        unsent = [item.request for item in self.items.values() if not item.tried_here]
        return unsent[: max(0, REQUESTS_IN_FLIGHT_MAX - on_the_way)]

    def sent(self, request: Requests, now: float) -> None:
        """Its last byte has left: its time begins."""
        item = self.items.get(request.id)
        if item is not None:
            item.tried_here += 1
            item.sent_at = now
            item.due = now + self.round_trip.timeout_s

    def answered(self, id: str, now: float) -> Item | None:
        """The request that this answers, which is done; None for an answer that came twice."""
        item = self.items.pop(id, None)
        if item is not None and item.tries == 1 and item.sent_at:
            self.round_trip.sample(now - item.sent_at)
        return item

    def sweep(self, now: float, *, connected: bool) -> Verdict:
        """Looks at the tries that are over."""
        resend: list[Requests] = []
        reconnect = False
        for item in self.items.values():
            if item.due > now:
                continue
            if connected and not item.tried_here:  # it hasn't left yet: its time hasn't begun
                item.due = now + self.round_trip.timeout_s
                continue
            if item.typed and self.tries_max is not None and item.tries >= self.tries_max:
                return Verdict(gave_up=True)
            item.tries += 1
            item.due = now + self.round_trip.timeout_s
            if connected and item.tried_here < _TRIES_ON_A_CONNECTION:
                resend.append(item.request)
            elif connected:
                reconnect = True
        return Verdict(tuple(resend), reconnect)

    @property
    def asks(self) -> bool:
        """Whether somebody waits for an answer to what was typed."""
        return any(item.typed for item in self.items.values())

    def next_due(self) -> float | None:
        """When `sweep` should be called next."""
        due = min((item.due for item in self.items.values()), default=None)
        return due if due is None else max(due, self.not_before)
