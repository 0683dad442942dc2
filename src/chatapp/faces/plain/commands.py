"""The commands, as a table: word, argument, where it may be typed, and what it does."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal

from chatapp.client.client import Client
from chatapp.client.focus import Action, obstacle
from chatapp.faces.plain.words import PROMPT, prompt
from chatapp.model.messages import Done, Refused
from chatapp.model.names import fold

Argument = Literal["none", "name", "text", "name and text"]
Waiting = Coroutine[Any, Any, bool]
"""Becomes whether the request was granted. It holds no other coroutine that nobody would await, were it cancelled."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that needs no event."""

    text: str


class Typist:
    """What somebody at the plain face can do. `obey` takes a line and returns once it is on its way."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.offline = False

    @staticmethod
    def is_message(typed: str) -> bool:
        """Whether the line sends a message, so that the next line need not wait for its answer."""
        command = COMMANDS.get(typed.partition(" ")[0])
        return command is not None and command.argument in ("text", "name and text")

    async def obey(self, typed: str) -> Waiting | None:
        """What becomes of the line: something to wait for, or None if it was empty."""
        if not typed.strip():
            return None
        if any("\ud800" <= character <= "\udfff" for character in typed):
            return self._refuse("Please input a valid request: it is not UTF-8 text")
        word, _, rest = typed.partition(" ")
        command = COMMANDS.get(word)
        if command is None or (command.argument == "none" and rest.strip()):
            return self._refuse("Please input a valid request")
        if command.action is not None:
            stands_in_the_way = obstacle(self._client.state, command.action)
            if stands_in_the_way is not None:
                return self._refuse(command.elsewhere)
        return await command.run(self, rest)

    # -- in and out of groups -------------------------------------------------------------------------------------
    async def create_group(self, rest: str) -> Waiting:
        """create_group NAME"""
        name = rest.strip()
        if not name:
            return self._refuse("Invalid input: need to include group name to be created")
        return _granted(self._client.create_group, name)

    async def list_groups(self, rest: str) -> Waiting:
        """list_groups"""
        return _granted(self._client.list_groups)

    async def join_group(self, rest: str) -> Waiting:
        """join_group NAME"""
        name = rest.strip()
        if not name:
            return self._refuse("Invalid input: need to include group name to join")
        return _granted(self._client.join_group, name)

    async def leave_group(self, rest: str) -> Waiting:
        """leave_group"""
        return _granted(self._client.leave_group)

    async def send_group(self, rest: str) -> Waiting:
        """send_group TEXT"""
        if not rest:
            return self._refuse("Need to include a message")
        limit = self._client.state.text_bytes_max
        if not self._client.fits_group(rest):
            return self._refuse(f"The message is too long: a group message has at most {limit} bytes")
        answer = await self._client.send_group(rest)
        return _granted(lambda: answer)

    async def list_members(self, rest: str) -> Waiting:
        """list_members"""
        return _granted(self._client.list_members)

    async def receipts(self, rest: str) -> Waiting:
        """receipts"""
        group = self._client.state.group
        assert group is not None
        start = prompt(group.name)
        self._say(f"{start}[Receipts in the group {group.name}, of {group.head} entries:]")
        for name, cursor in sorted(group.members.items()):
            self._say(f"{start}{name}  {cursor}")
        for cursor, members in group.counts:
            self._say(f"{start}{members} members  {cursor}")
        return _done(True)

    # -- people -----------------------------------------------------------------------------------------------------
    async def list_clients(self, rest: str) -> Waiting:
        """list_clients"""
        self._say(f"{PROMPT}[Clients:]")
        for row in sorted(self._client.state.roster.values(), key=lambda row: row.name):
            where = f"  in {row.group}" if row.group is not None else ""
            self._say(f"{PROMPT}{row.name}  {row.status}{where}")
        return _done(True)

    async def send(self, rest: str) -> Waiting:
        """send NAME TEXT"""
        name, _, text = rest.partition(" ")
        if not name:
            return self._refuse("Need to include username")
        if not text:
            return self._refuse("Need to include a message")
        outcome = await self._client.send_private(name, text)
        match outcome:
            case "yourself":
                return self._refuse("You cannot send to yourself")
            case "no_such_name":
                return self._refuse("Incorrect username provided")
            case "too_long":
                limit = self._client.private_bytes_max
                return self._refuse(f"The message is too long: a private message has at most {limit} bytes")
            case _:
                return _delivered(outcome)

    async def trust(self, rest: str) -> Waiting:
        """trust NAME"""
        if not rest.strip():
            return self._refuse("Need to include username")
        if not await self._client.trust(rest.strip()):
            return self._refuse(f"The key of {fold(rest.strip())} has not changed")
        return _done(True)

    async def dereg(self, rest: str) -> Waiting:
        """dereg NAME"""
        name = fold(rest.strip())
        if not name:
            return self._refuse("Invalid input: need to include username to dereg")
        if name != self._client.state.name:
            known = name in self._client.state.roster
            return self._refuse("You can only deregister yourself" if known else "Incorrect username provided")
        return self._dereg(name)

    async def _dereg(self, name: str) -> bool:
        answer = await self._client.dereg(name)
        self.offline = isinstance(answer, Done)
        return self.offline

    async def help(self, rest: str) -> Waiting:
        """help"""
        self._say(f"{PROMPT}[Commands:]")
        for command in COMMANDS.values():
            self._say(f"{PROMPT}{command.usage}")
        return _done(True)

    def _say(self, line: str) -> None:
        self._client.told.put(Line(line))

    def _refuse(self, text: str) -> Waiting:
        self._say(f"{PROMPT}{text}")
        return _done(False)


async def _done(granted: bool) -> bool:
    return granted


async def _delivered(outcome: Awaitable[bool]) -> bool:
    return await outcome


async def _granted(ask: Callable[..., Awaitable[object]], *arguments: str) -> bool:
    return not isinstance(await ask(*arguments), Refused)


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table. elsewhere: the line where it may not be typed."""

    run: Callable[[Typist, str], Awaitable[Waiting]]
    argument: Argument
    action: Action | None = None
    elsewhere: str = ""

    @property
    def usage(self) -> str:
        """The command with its arguments."""
        return str(self.run.__doc__)


COMMANDS: dict[str, Command] = {
    "list_clients": Command(Typist.list_clients, "none"),
    "send": Command(
        Typist.send, "name and text", "send_private", "Cannot send a private message while you are in a group"
    ),
    "create_group": Command(
        Typist.create_group, "name", "create_group", "Cannot create a new group while you are in a group"
    ),
    "list_groups": Command(Typist.list_groups, "none", "list_groups", "Cannot list groups while you are in a group"),
    "join_group": Command(
        Typist.join_group, "name", "join_group", "Cannot join another group while you are in a group"
    ),
    "send_group": Command(Typist.send_group, "text", "send_group", "You are not in a group chat"),
    "list_members": Command(
        Typist.list_members, "none", "list_members", "You are not in a group chat so you cannot see its members"
    ),
    "receipts": Command(Typist.receipts, "none", "receipts", "You are not in a group chat"),
    "leave_group": Command(
        Typist.leave_group, "none", "leave_group", "You are not in a group chat so you cannot leave one"
    ),
    "trust": Command(Typist.trust, "name"),
    "dereg": Command(Typist.dereg, "name"),
    "help": Command(Typist.help, "none"),
}
