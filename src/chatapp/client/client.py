"""The client: what a face may ask for, and the parts behind it, wired in one place.

A face gets everything that happens from `told`, in order, answers included, and says `shown` when a line has been
written. Refusals that need no server are codes (`focus`, and those of `send_private`); all others are answers.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from time import time_ns
from typing import Literal

from chatapp.client.conversation import Conversation
from chatapp.client.courier import Couriers
from chatapp.client.direct import Direct, DirectUnavailable
from chatapp.client.events import FirstContact, KeyChanged, NoDirect, PrivateCame, Said, Trusted
from chatapp.client.home import Home
from chatapp.client.link import Link
from chatapp.client.meeting import meet
from chatapp.client.outbox import Outbox
from chatapp.client.postbox import Postbox
from chatapp.client.reception import Reception
from chatapp.client.shown_marks import ShownMarks
from chatapp.client.state import State
from chatapp.client.told import Told
from chatapp.identity.keys import Identity
from chatapp.model.errors import StorageFailed
from chatapp.model.ids import RequestId
from chatapp.model.limits import DIRECT_DIAL_AHEAD_MAX
from chatapp.model.messages import (
    Answers,
    CreateGroup,
    Dereg,
    Groups,
    JoinGroup,
    LeaveGroup,
    ListGroups,
    ListMembers,
    Members,
    Report,
    SendGroup,
)
from chatapp.model.names import fold
from chatapp.model.settings import JoinArguments
from chatapp.model.timing import RoundTrip
from chatapp.protocol.codec import encoded_text_bytes
from chatapp.tasks import TaskKeeper

PrivateRefusal = Literal["no_such_name", "yourself", "too_long"]


class Client:
    """One name on one server. Make it with `open`."""

    def __init__(self, arguments: JoinArguments, home: Home, server_id: str, told: Told, tasks: TaskKeeper) -> None:
        self._arguments = arguments
        self._home = home
        self.told = told
        self._tasks = tasks
        own = home.archive.own()
        self.identity = Identity(own.seed)
        self._last_port = own.direct_port
        self.state = State(arguments.name, pins=home.archive.pins())
        self.state.roster = {row.name: row for row in home.archive.roster()}
        self._shown = ShownMarks(home, tasks.start)
        self._direct: Direct | None = None
        tries_max = arguments.settings.tries if arguments.classic else None
        self._outbox = Outbox(RoundTrip(arguments.settings.ack_timeout_s), tries_max)
        self._reception = Reception(home, self.state, told, self._outbox, self._roster_changed)
        self._conversation = Conversation(
            arguments,
            server_id,
            self.identity,
            home,
            self.state,
            told,
            self._outbox,
            self._reception,
            self._declared,
            tasks.start,
        )
        self._couriers = Couriers(home, self.state, told, arguments.settings, tasks.start, self._report)

    @classmethod
    async def open(
        cls, arguments: JoinArguments, told: Told, on_death: Callable[[str, BaseException], None]
    ) -> "Client":
        """Finds the server, or what is known of it, and starts.

        on_death: a part of the client failed for good. Raises CannotStart; EndedEarly when there is nobody to talk to.
        """
        async with contextlib.AsyncExitStack() as unless_opened:
            tasks = TaskKeeper(on_death)
            unless_opened.push_async_callback(tasks.close)
            server_id, link, first = await meet(arguments, told, tasks.start)
            if link is not None:
                unless_opened.push_async_callback(link.close)
            home = Home(arguments.settings.data, server_id, arguments.name)
            unless_opened.callback(home.close)
            client = cls(arguments, home, server_id, told, tasks)
            if first:
                told.put(FirstContact(server_id))
            await client._begin(link)
            unless_opened.pop_all()
            return client

    async def _begin(self, link: Link | None) -> None:
        postbox = Postbox(self._home, self.state, self.told)
        settings = self._arguments.settings
        port = settings.direct_port or self._last_port
        try:
            self._direct = await Direct.open(
                self.identity.seed,
                port,
                admit=postbox.admits,
                receive=postbox.receive,
                connected=self._peer_connected,
                settings=settings,
                start=self._tasks.start,
                fixed=bool(settings.direct_port),
            )
        except DirectUnavailable as unavailable:
            self.told.put(NoDirect(str(unavailable)))
        else:
            self._couriers.carrier = self._direct
            await self._home.run(self._home.archive.set_direct_port, self._direct.port)
        for sent in await self._home.run(self._home.private.unacked):
            self._couriers.take(sent)
        await self._dial_ahead()
        self._tasks.start(self._conversation.run(link), "conversation")

    @property
    def ready(self) -> asyncio.Event:
        """Set once commands make sense: the roster is there and one is in one's group again, or the server is dead."""
        return self._reception.ready

    @property
    def private_bytes_max(self) -> int:
        """The longest private message."""
        return self._arguments.settings.private_bytes_max

    # -- groups -------------------------------------------------------------------------------------------------
    async def create_group(self, name: str) -> Answers:
        """Created or Refused."""
        return await self._conversation.ask(CreateGroup(await self._new_id(), fold(name)))

    async def list_groups(self) -> Answers:
        """All names in Groups pages; the last page or Refused."""
        after = ""
        while True:
            answer = await self._conversation.ask(ListGroups(await self._new_id(), after))
            if not isinstance(answer, Groups) or not answer.more:
                return answer
            after = answer.names[-1]

    async def join_group(self, name: str) -> Answers:
        """Joined or Refused; what one missed follows."""
        resume = await self._home.run(self._home.archive.resume_by_name, fold(name))
        known = resume if resume is not None and resume.id else None
        return await self._conversation.ask(JoinGroup(await self._new_id(), fold(name), known))

    async def leave_group(self) -> Answers:
        """Left or Refused; what was held follows."""
        return await self._conversation.ask(LeaveGroup(await self._new_id(), self._group_id()))

    async def send_group(self, text: str) -> Awaitable[Answers]:
        """Writes the message down, so that it goes out now or later; what it returns becomes Stored or Refused."""
        archive = self._home.archive
        id = await self._home.run(archive.new_id)
        await self._home.run(archive.keep_request, id, self._group_id(), text)
        return self._conversation.ask(SendGroup(str(id), self._group_id(), text))

    def fits_group(self, text: str) -> bool:
        """Whether the server takes a group message of that length; it counts the text as JSON encodes it."""
        return encoded_text_bytes(text) <= self.state.text_bytes_max

    async def list_members(self) -> Answers:
        """All names in Members pages; the last page or Refused."""
        after = ""
        while True:
            answer = await self._conversation.ask(ListMembers(await self._new_id(), self._group_id(), after))
            if not isinstance(answer, Members) or not answer.more:
                return answer
            after = answer.names[-1]

    def _group_id(self) -> str:
        return self.state.group.id if self.state.group is not None else ""

    # -- people -------------------------------------------------------------------------------------------------
    async def send_private(self, name: str, text: str) -> PrivateRefusal | Awaitable[bool]:
        """Writes the message down, so that it goes out directly, now or later.

        What it returns becomes whether it was acknowledged by the end of the first round of tries.
        """
        name = fold(name)
        if name == self.state.name:
            return "yourself"
        if name not in self.state.roster:
            return "no_such_name"
        if len(text.encode()) > self.private_bytes_max:
            return "too_long"
        installation = await self._home.run(self._home.archive.installation)
        sent = await self._home.run(self._home.private.enqueue, name, installation, time_ns() // 1_000_000, text)
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if name in self.state.changed:  # held back until the new key is trusted
            self.told.put(KeyChanged(name))
            self._couriers.take(sent)
            answered.set_result(False)
        else:
            self._couriers.take(sent, answered)
        return answered

    async def trust(self, name: str) -> bool:
        """The key that the roster has for the name is the right one from now on; False if there is none to trust."""
        name = fold(name)
        key = self.state.changed.pop(name, None)
        if key is None:
            return False
        self.state.pins[name] = key
        await self._home.run(self._home.archive.pin, name, key)
        self.told.put(Trusted(name))
        self._couriers.wake(name)
        return True

    async def dereg(self, name: str) -> Answers:
        """Done or Refused; after Done the client is offline and should be closed."""
        return await self._conversation.ask(Dereg(await self._new_id(), name))

    # -- the face's side ----------------------------------------------------------------------------------------
    def shown(self, event: object) -> None:
        """The face has written the event's line."""
        match event:
            case Said():
                self._shown.entry(event.entry)
            case PrivateCame():
                self._shown.private(event.received)

    def kept(self) -> int:
        """How many messages wait here, and go out at the next start."""
        waiting = sum(isinstance(item.request, SendGroup) for item in self._outbox.items.values())
        return waiting + self._couriers.waiting

    async def close(self, *, silently: bool) -> None:
        """Ends everything; silently: with the silent leave, so that the next start is outside any group."""
        try:
            if silently:
                await self._conversation.leave_silently()
            elif any(isinstance(item.request, LeaveGroup) and item.typed for item in self._outbox.items.values()):
                await self._reception.lose_focus()  # it was typed, only never answered
        finally:
            await self._tasks.close()
            if self._direct is not None:
                await self._direct.close()
            with contextlib.suppress(StorageFailed):  # told already
                self._shown.write()
                self._home.close()

    # -- between the parts --------------------------------------------------------------------------------------
    async def _new_id(self) -> str:
        id: RequestId = await self._home.run(self._home.archive.new_id)
        return str(id)

    def _declared(self) -> tuple[int, tuple[str, ...]]:
        return (0, ()) if self._direct is None else (self._direct.port, self._direct.addresses)

    def _report(self, name: str) -> None:
        row = self.state.roster.get(name)
        if self._conversation.connected and row is not None and row.status == "online":
            self._tasks.start(self._send_report(name), f"report {name}")

    async def _send_report(self, name: str) -> None:
        self._conversation.wish(Report(await self._new_id(), name))

    def _roster_changed(self, names: Sequence[str]) -> None:
        for name in names:
            if self.state.roster[name].status == "online":
                self._couriers.wake(name)

    def _peer_connected(self, key: bytes) -> None:
        for name, pinned in self.state.pins.items():
            if pinned == key.hex():
                self._couriers.wake(name)

    async def _dial_ahead(self) -> None:
        """The most recent correspondents, so that the first message doesn't pay for the connection."""
        if self._direct is None:
            return
        for name in await self._home.run(self._home.private.correspondents, DIRECT_DIAL_AHEAD_MAX):
            row = self.state.roster.get(name)
            if row is not None and name not in self.state.changed:
                dial = self._direct.dial(bytes.fromhex(row.key), row.addresses)
                self._tasks.start(dial, f"dial {name}")
