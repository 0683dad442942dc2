"""Couriers: private messages on their way, one ordered outbox for each recipient.

A courier sends the oldest message that its recipient hasn't acknowledged, again and again, and never a newer one
before it. A round is three tries, each with a fresh dial; a round that fails is told once for each message, reported
to the server, and followed by another when there is reason: a new row in the roster, a link that the recipient
opened, a message just typed, or time.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, Protocol

from chatapp.client.direct import PeerRefused
from chatapp.client.events import PrivateAcked, PrivateRejected, PrivateWaits
from chatapp.client.home import Home
from chatapp.client.private import Sent
from chatapp.client.state import State
from chatapp.client.told import Told
from chatapp.model.errors import Unavailable
from chatapp.model.limits import DIRECT_RETRY_FIRST_S, DIRECT_TRIES
from chatapp.model.settings import ClientSettings
from chatapp.protocol.direct import PrivateMessage

_FOR_GOOD = frozenset({"id_conflict", "too_large", "not_utf_8", "empty", "wrong_recipient"})
"""Refusals that the same message would meet again; all others, `rate` and `busy` among them, pass with time."""


class Carrier(Protocol):
    """What a courier needs of the direct link."""

    async def send(self, key: bytes, addresses: tuple[str, ...], message: PrivateMessage) -> object:
        """One try. Raises Unavailable, and PeerRefused, which is Unavailable too."""
        ...

    def forget(self, key: bytes) -> None:
        """The next try dials anew."""
        ...


class Couriers:
    """All of them. report: tells the server that somebody is silent; carrier: none where there is no direct link."""

    def __init__(
        self,
        home: Home,
        state: State,
        told: Told,
        settings: ClientSettings,
        start: Callable[[Coroutine[Any, Any, None], str], object],
        report: Callable[[str], None],
    ) -> None:
        self.carrier: Carrier | None = None
        self._home = home
        self._state = state
        self._told = told
        self._settings = settings
        self._start = start
        self._report = report
        self._couriers: dict[str, _Courier] = {}

    def take(self, sent: Sent, answered: "asyncio.Future[bool] | None" = None) -> None:
        """A message that is written down; `answered` becomes whether this round delivered it."""
        courier = self._couriers.get(sent.recipient)
        if courier is None:
            courier = self._couriers[sent.recipient] = _Courier(sent.recipient)
            self._start(self._carry(courier), f"courier to {sent.recipient}")
        courier.waiting.append(_Waiting(sent, answered))
        courier.wake.set()

    def wake(self, name: str) -> None:
        """There is reason to try again."""
        courier = self._couriers.get(name)
        if courier is not None:
            courier.wake.set()

    @property
    def waiting(self) -> int:
        """How many messages haven't been acknowledged."""
        return sum(len(courier.waiting) for courier in self._couriers.values())

    async def _carry(self, courier: "_Courier") -> None:
        delay_s = DIRECT_RETRY_FIRST_S
        while True:
            courier.wake.clear()
            if not courier.waiting:
                await courier.wake.wait()
            elif await self._round(courier):
                delay_s = DIRECT_RETRY_FIRST_S
            else:
                try:
                    async with asyncio.timeout(random.uniform(delay_s / 2, delay_s)):
                        await courier.wake.wait()
                    delay_s = DIRECT_RETRY_FIRST_S
                except TimeoutError:
                    delay_s = min(2 * delay_s, self._settings.direct_retry_max_s)

    async def _round(self, courier: "_Courier") -> bool:
        """Tries the oldest message; whether it arrived."""
        waiting = courier.waiting[0]
        due = monotonic()
        for _ in range(DIRECT_TRIES):
            # A try that failed at once has its time all the same: the recipient may just be hearing who we are.
            await asyncio.sleep(due - monotonic())
            due = monotonic() + self._settings.ack_timeout_s
            outcome = await self._try(waiting.sent)
            if outcome == "id_conflict":
                await self._renumber(waiting)
            elif outcome != "unanswered":
                await self._home.run(self._home.private.mark_acked, waiting.sent)
                courier.waiting.popleft()
                acked = outcome == "acked"
                self._told.put(
                    PrivateAcked(courier.recipient) if acked else PrivateRejected(courier.recipient, outcome)
                )
                waiting.answer(acked)
                return True
        self._told_waiting(courier)
        self._report(courier.recipient)
        return False

    async def _renumber(self, waiting: "_Waiting") -> None:
        """The recipient has something else under that id: this archive is an older image of itself, or a copy."""
        await self._home.run(self._home.archive.renumber)
        installation = await self._home.run(self._home.archive.installation)
        waiting.sent = await self._home.run(self._home.private.renumber, waiting.sent, installation)

    async def _try(self, sent: Sent) -> str:
        """One try: `acked`, `unanswered`, `id_conflict`, or why the message will never be taken."""
        row = self._state.roster.get(sent.recipient)
        if self.carrier is None or row is None or sent.recipient in self._state.changed:
            return "unanswered"
        key = bytes.fromhex(self._state.pins[sent.recipient])
        message = PrivateMessage(str(sent.id), self._state.name, sent.recipient, sent.at, sent.body)
        try:
            await self.carrier.send(key, row.addresses, message)
        except PeerRefused as refused:
            return refused.code if refused.code in _FOR_GOOD else "unanswered"
        except Unavailable:
            self.carrier.forget(key)
            return "unanswered"
        return "acked"

    def _told_waiting(self, courier: "_Courier") -> None:
        """Says of each message once that it waits; those behind the oldest can't go before it."""
        for waiting in courier.waiting:
            if not waiting.told:
                waiting.told = True
                self._told.put(PrivateWaits(courier.recipient))
            waiting.answer(False)


class _Waiting:
    """A message, who awaits this round's outcome, and whether it was told that the message waits."""

    def __init__(self, sent: Sent, answered: "asyncio.Future[bool] | None") -> None:
        self.sent = sent
        self.told = answered is None  # one that an earlier process left behind was told by that
        self._answered = answered

    def answer(self, delivered: bool) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(delivered)


class _Courier:
    """One recipient's outbox."""

    def __init__(self, recipient: str) -> None:
        self.recipient = recipient
        self.waiting: deque[_Waiting] = deque()
        self.wake = asyncio.Event()
