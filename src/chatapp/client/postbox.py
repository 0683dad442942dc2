"""The postbox: private messages that peers bring. Stored, then marked, then acknowledged; each once."""

from typing import Literal

from chatapp.client import state as reducer
from chatapp.client.home import Home
from chatapp.client.state import State
from chatapp.client.told import Told
from chatapp.model.ids import parse_id
from chatapp.protocol.direct import AckMode, PrivateAck, PrivateMessage, PrivateRefused


class Postbox:
    """Raises StorageFailed: then nothing is acknowledged."""

    def __init__(self, home: Home, state: State, told: Told) -> None:
        self._home = home
        self._state = state
        self._told = told

    def admits(self, key: bytes) -> bool:
        """Whether anything is read from the holder of that key: somebody in the roster, whose key hasn't changed."""
        return reducer.name_of_key(self._state, key.hex()) is not None

    async def receive(self, key: bytes, message: PrivateMessage) -> PrivateAck | PrivateRefused:
        """Keeps the message and says whether it is shown or held; a double gets the same answer and has no effect."""
        sender = reducer.name_of_key(self._state, key.hex())
        if sender is None or message.by != sender:
            return PrivateRefused(message.id, "not_yours")
        if message.to != self._state.name:
            return PrivateRefused(message.id, "wrong_recipient")
        if not message.body:
            return PrivateRefused(message.id, "empty")
        id = parse_id(message.id)
        mode: AckMode = "shown" if self._state.group is None else "held"
        state: Literal["held", "due"] = "due" if mode == "shown" else "held"
        received = await self._home.run(
            self._home.private.receive, sender, key.hex(), id, message.at, message.body, state
        )
        if received == "conflict":  # the sender's archive is a copy, or an older image of itself
            return PrivateRefused(message.id, "id_conflict")
        if received != "double":
            if received.state == "held" and self._state.group is None:  # one has left the group in the meantime
                await self._home.run(self._home.private.mark_due, received.number)
                received = received._replace(state="due")
            for event in reducer.private_came(self._state, received):
                self._told.put(event)
        return PrivateAck(message.id, mode)
