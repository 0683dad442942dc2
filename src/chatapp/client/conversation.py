"""The conversation with the server: connecting for ever, sending what waits, in time.

Three loops: `run` connects and hands what comes to the reception; `_send` sends what the outbox has ready and the acks
that are owed; `_keep_time` looks at the tries that are over.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from time import monotonic

from chatapp.client import state as reducer
from chatapp.client.events import Ended, LinkLost, LinkRegained, Offline, Registered
from chatapp.client.home import Home
from chatapp.client.link import Link, NotAdmitted, Start
from chatapp.client.outbox import Outbox
from chatapp.client.reception import Reception
from chatapp.client.state import State
from chatapp.client.told import Told
from chatapp.identity.keys import Identity
from chatapp.identity.known_servers import ServerKeyChanged
from chatapp.model.errors import ProtocolViolation, Unavailable
from chatapp.model.limits import BACKOFF_FIRST_S
from chatapp.model.messages import Answers, Leaving, Requests
from chatapp.model.settings import JoinArguments

_IDLE_S = 3600.0
"""How long the clock sleeps when nothing is due; any change wakes it."""


class Conversation:
    """server_id: which server it must be; declared: gives the direct link's port and addresses for log-in."""

    def __init__(
        self,
        arguments: JoinArguments,
        server_id: str,
        identity: Identity,
        home: Home,
        state: State,
        told: Told,
        outbox: Outbox,
        reception: Reception,
        declared: Callable[[], tuple[int, tuple[str, ...]]],
        start: Start,
    ) -> None:
        self._arguments = arguments
        self._settings = arguments.settings
        self._server_id = server_id
        self._identity = identity
        self._home = home
        self._state = state
        self._told = told
        self._outbox = outbox
        self._reception = reception
        self._declared = declared
        self._start = start
        self._link: Link | None = None  # once it has welcomed us
        self._registered = False
        self._ended = False
        self._lost_told = False
        self._offline_told = False
        self._again: list[Requests] = []
        self._to_send = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the server has welcomed us and the connection stands."""
        return self._link is not None

    def ask(self, request: Requests) -> asyncio.Future[Answers]:
        """Sends what somebody typed until it is answered; the face is told the answer in its turn, too."""
        future: asyncio.Future[Answers] = asyncio.get_running_loop().create_future()
        self._reception.awaited[request.id] = future
        self._outbox.add(request, monotonic(), typed=True)
        self._wake()
        return future

    def wish(self, request: Requests) -> None:
        """Sends what the client itself wants; nobody waits for it."""
        self._outbox.add(request, monotonic(), typed=False)
        self._wake()

    async def leave_silently(self) -> None:
        """Nothing is announced; the next start is outside any group."""
        self._ended = True
        await self._reception.lose_focus()
        if self._link is not None:
            with contextlib.suppress(Unavailable):
                await self._link.send(Leaving())
                await self._link.ended()

    # -- connecting ---------------------------------------------------------------------------------------------
    async def run(self, link: Link | None) -> None:
        """Goes on until the conversation ends for good; link: a connection that is open already."""
        await self._reception.begin()
        self._start(self._send(), "outbox")
        self._start(self._keep_time(), "time")
        failures = 0
        while not self._ended:
            ended: Ended | None = None  # told once the connection is closed: who hears of it ends everything
            try:
                link = link or await Link.connect(
                    self._arguments.host, self._arguments.port, self._server_id, self._settings, self._start
                )
                await self._converse(link)
            except ServerKeyChanged as changed:
                ended = Ended("key_changed", changed.lines)
            except NotAdmitted as refusal:
                ended = Ended("name_taken" if refusal.code == "name_taken" else "refused", (refusal.text,))
            except (Unavailable, ProtocolViolation):
                failures = 0 if self._link is not None else failures + 1
            finally:
                self._link = None
                self._ended = self._ended or self._reception.departed
                self._outbox.disconnected()
                if link is not None:
                    await link.close()
                link = None
            if ended is not None:
                self._end(ended)
            elif not self._ended:
                self._tell_failure(failures)
                await asyncio.sleep(self._backoff_s(failures))

    def _tell_failure(self, failures: int) -> None:
        """Says once that the server doesn't answer; ends a classic client that knows nobody else to talk to.

        A classic client that waits for an answer says so at the end of its tries.
        """
        if self._registered:
            if self._reception.dismissed and failures == 0:
                return  # what that means is told when we are back
            if not self._lost_told and not (self._arguments.classic and self._outbox.asks):
                self._lost_told = True
                self._told.put(LinkLost())
        elif failures >= self._settings.tries and not self._offline_told:
            self._offline_told = True
            if any(name != self._state.name for name in self._state.roster):
                self._told.put(Offline())
                self._reception.ready.set()
            elif self._arguments.classic:
                self._end(Ended("not_responding"))
            else:
                self._told.put(LinkLost())
                self._lost_told = True

    def _backoff_s(self, failures: int) -> float:
        """Quick tries while somebody waits at a start; then doubled each time, with full jitter."""
        if not self._registered and failures < self._settings.tries:
            return self._settings.ack_timeout_s
        return random.uniform(0, min(self._settings.backoff_max_s, BACKOFF_FIRST_S * 2 ** min(failures, 16)))

    def _end(self, ended: Ended) -> None:
        self._ended = True
        self._told.put(ended)

    async def _converse(self, link: Link) -> None:
        """One connection, from log-in to its end. Raises Unavailable at the end, NotAdmitted, ProtocolViolation."""
        installation = await self._home.run(self._home.archive.installation)
        port, addresses = self._declared()
        began = monotonic()
        welcome = await link.log_in(
            self._identity, self._state.name, installation, port, addresses, self._state.roster_version
        )
        self._outbox.round_trip.sample(monotonic() - began)
        if not self._registered:
            self._registered = True
            self._told.put(Registered())
            await self._reception.show_waiting()
        elif self._lost_told:
            self._told.put(LinkRegained())
        self._lost_told = False
        await self._reception.welcomed(welcome)
        self._link = link
        self._wake()
        while True:
            await self._told.room()
            await self._reception.take(await link.messages())
            self._wake()

    # -- sending ------------------------------------------------------------------------------------------------
    def _wake(self) -> None:
        self._to_send.set()
        self._changed.set()

    async def _send(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            link = self._link
            if link is not None:
                with contextlib.suppress(Unavailable):  # `run` sees the end of the connection itself
                    await self._send_ready(link)

    async def _send_ready(self, link: Link) -> None:
        due = self._reception.ack_due()
        now = monotonic()
        if due is not None and due <= now:
            await link.send(self._reception.ack(now))
        again, self._again = self._again, []
        for request in (*again, *self._outbox.ready(now)):
            await link.send(request)
            self._outbox.sent(request, monotonic())
        self._changed.set()

    async def _keep_time(self) -> None:
        while True:
            now = monotonic()
            dues = (self._outbox.next_due(), self._reception.ack_due(), reducer.next_receipt_due(self._state))
            delay_s = min((due - now for due in dues if due is not None), default=_IDLE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, delay_s)):
                    await self._changed.wait()
            self._changed.clear()
            await self._look(monotonic())

    async def _look(self, now: float) -> None:
        """What time has made due."""
        verdict = self._outbox.sweep(now, connected=self.connected)
        if verdict.gave_up:
            self._end(Ended("not_responding"))
        if verdict.reconnect and self._link is not None:
            await self._link.close()
        self._again.extend(verdict.resend)
        due = self._reception.ack_due()
        if verdict.resend or self._outbox.ready(now) or (due is not None and due <= now):
            self._to_send.set()
        for event in reducer.receipts_overdue(self._state, now):
            self._told.put(event)
