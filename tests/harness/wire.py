"""A bare speaker of the protocol: it says what the test makes it say, however wrong.

By itself it does no more than it was told to: acknowledge entries, answer probes and pings.
"""

import contextlib
import secrets
from collections.abc import Callable
from typing import TypeVar

import msgspec

from chatapp.identity.keys import KEY_BYTES, Identity
from chatapp.identity.login import sign
from chatapp.model.ids import RequestId
from chatapp.model.limits import INSTALLATION_BITS
from chatapp.model.messages import (
    PROTOCOL_VERSION,
    Ack,
    Alive,
    Answer,
    Challenge,
    Entry,
    Message,
    Probe,
    Register,
    Request,
    Welcome,
)
from chatapp.protocol.codec import decode_from_server, encode
from harness.frames import Opcode
from harness.journal import DONE, SAID, TYPED, Journal
from harness.lines import indented
from harness.loop import Reachable
from harness.waiting import PATIENCE_S, Watched
from harness.websocket import Close, WebSocket

M = TypeVar("M", bound=Message)
_PATH = "/v1/chat"


def fresh_identity() -> Identity:
    """An identity that nobody else has."""
    return Identity(secrets.token_bytes(KEY_BYTES))


class WireClient(Watched):
    """A connection to a server, not logged in before `log_in`. Connected when it is made.

    acks: whether entries are acknowledged as they come; answers_probes, answers_pings: whether those are answered.
    websocket.bytes: below it, for junk and for reading slowly.
    """

    def __init__(
        self,
        at: Reachable,
        journal: Journal,
        *,
        name: str = "wire",
        identity: Identity | None = None,
        tls: bool = True,
        acks: bool = True,
        answers_probes: bool = True,
        answers_pings: bool = True,
        buffer_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.identity = identity or fresh_identity()
        self.acks, self.answers_probes = acks, answers_probes
        self.installation = secrets.randbits(INSTALLATION_BITS)
        self._counter = 0
        self._journal = journal
        self._inbox: list[Message] = []
        self._received: list[Message] = []
        self.websocket = WebSocket(
            at, _PATH, self._take, self._end, tls=tls, answers_pings=answers_pings, buffer_bytes=buffer_bytes
        )

    # -- log-in -------------------------------------------------------------------------------------------------
    def log_in(self, **fields: object) -> Welcome:
        """Registers under one's name; returns the welcome. fields: of Register that are to be different."""
        self.send(self.registration(**fields))
        return self.expect(Welcome)

    def registration(self, **fields: object) -> Register:
        """The message that logs in to this connection's challenge. fields: changed before signing; a `signature`
        among them stands instead of the right one."""
        challenge = self.expect(Challenge)
        usual = {"version": PROTOCOL_VERSION, "name": self.name, "key": self.identity.public.hex(), "port": 0}
        usual |= {"installation": f"{self.installation:016x}", "signature": ""}
        register = msgspec.convert(usual | fields, Register)
        if "signature" in fields:
            return register
        return msgspec.structs.replace(register, signature=sign(self.identity, challenge, register))

    # -- sending ------------------------------------------------------------------------------------------------
    def fresh_id(self) -> str:
        """An id that wasn't used before."""
        self._counter += 1
        return str(RequestId(self.installation, self._counter))

    def send(self, message: Message) -> None:
        """Sends the message."""
        self.send_raw(encode(message))

    def send_raw(self, payload: bytes, opcode: int = Opcode.TEXT) -> None:
        """Sends a frame of any content. `websocket.send_frame` makes even stranger ones."""
        self._journal.note(self.name, TYPED, payload[:200].decode(errors="backslashreplace"))
        self.websocket.send_frame(opcode, payload)

    def ask(self, request: Request, kind: type[M], patience_s: float = PATIENCE_S) -> M:
        """Sends the request; returns its answer, which must be of that kind."""
        self.send(request)
        return self.answer(request.id, kind, patience_s)

    # -- receiving ----------------------------------------------------------------------------------------------
    def answer(self, request_id: str, kind: type[M], patience_s: float = PATIENCE_S) -> M:
        """The answer to the request of that id, which must be of that kind."""

        def fits(message: Message) -> bool:
            return isinstance(message, Answer) and message.re == request_id

        answer = self._await(fits, f"be answered {request_id}", patience_s)
        assert isinstance(answer, kind), f"{self.name} wanted {kind.__name__} as the answer and got {answer}"
        return answer

    def receive(self, patience_s: float = PATIENCE_S) -> Message:
        """The oldest message that wasn't given out yet."""
        return self._await(lambda message: True, "receive a message", patience_s)

    def expect(
        self, kind: type[M], which: Callable[[M], bool] = lambda message: True, patience_s: float = PATIENCE_S
    ) -> M:
        """The oldest message of that kind that wasn't given out yet; others stay to be asked for."""

        def fits(message: Message) -> bool:
            return isinstance(message, kind) and which(message)

        message = self._await(fits, f"receive {kind.__name__}", patience_s)
        assert isinstance(message, kind)
        return message

    def expect_close(self, patience_s: float = PATIENCE_S) -> Close:
        """Waits until the server has ended the connection."""
        return self.websocket.expect_close(patience_s)

    @property
    def received(self) -> list[Message]:
        """All messages so far, given out or not."""
        with self.changed:
            return list(self._received)

    def _await(self, fits: Callable[[Message], bool], what: str, patience_s: float) -> Message:
        def look() -> Message | None:
            found = next((number for number, message in enumerate(self._inbox) if fits(message)), None)
            return None if found is None else self._inbox.pop(found)

        def failure() -> str:
            return f"{self.name} was to {what} and received\n{indented(map(repr, self._received[-20:]))}"

        return self.wait(look, failure, over=lambda: self.websocket.is_over, patience_s=patience_s)

    # -- in the reading thread ------------------------------------------------------------------------------------
    def _take(self, payload: bytes) -> None:
        self._journal.note(self.name, SAID, payload[:200].decode(errors="backslashreplace"))
        message = decode_from_server(payload)
        with self.changed:
            self._inbox.append(message)
            self._received.append(message)
            self.changed.notify_all()
        with contextlib.suppress(OSError):  # the server may be gone
            match message:
                case Entry() if self.acks:
                    self.websocket.send_frame(Opcode.TEXT, encode(Ack(message.group, message.seq)))
                case Probe() if self.answers_probes:
                    self.websocket.send_frame(Opcode.TEXT, encode(Alive(message.n)))

    def _end(self) -> None:
        with self.changed:
            self.changed.notify_all()

    # -- ending -------------------------------------------------------------------------------------------------
    def close(self) -> None:
        """Closes the connection without a word, as a program that ends."""
        self._journal.note(self.name, DONE, "closes its connection")
        self.websocket.bytes.close()

    def abort(self) -> None:
        """Resets the connection."""
        self._journal.note(self.name, DONE, "resets its connection")
        self.websocket.bytes.abort()
