"""A UDP path to one port, as lossy as a test wants: for direct links."""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from harness.figures import Figures, Side
from harness.journal import DONE, Journal
from harness.loop import LoopThread, Reachable
from harness.ports import fresh_port

_DATAGRAM_BYTES_MAX = 65_535


class UdpProxy(Figures):
    """Listens on a port of its own and passes datagrams on to `upstream` ("server"), and its answers back ("client").

    Each sender gets a port of its own towards upstream, so that several can talk through it; `connections` counts them.
    """

    def __init__(self, upstream: Reachable, journal: Journal, *, name: str = "udp proxy") -> None:
        super().__init__(name)
        self.host, self.port = "127.0.0.1", fresh_port()
        self._upstream = (upstream.host, upstream.port)
        self._journal = journal
        self._passing = True
        self._delay_s = 0.0
        self._lose_every = 0
        self._arrived = 0
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._loop = LoopThread()
        self._loop.run(self._open())

    # -- what happens to the path -------------------------------------------------------------------------------
    def heal(self) -> None:
        """Everything passes at once. What was lost stays lost."""
        self._do("heals", passing=True, delay_s=0.0, lose_every=0)

    def black_hole(self) -> None:
        """Everything is lost, what is on its way too."""
        self._do("is a black hole", passing=False)

    def delay(self, each_way_s: float) -> None:
        """What is sent arrives so much later."""
        self._do(f"delays by {each_way_s:g} s", delay_s=each_way_s)

    def lose_every(self, nth: int) -> None:
        """Of all datagrams, both ways together, each nth is lost."""
        self._do(f"loses one datagram in {nth}", lose_every=nth)

    def close(self) -> None:
        """Ends everything."""
        self._loop.run(self._close())
        self._loop.close()

    def _do(
        self, what: str, *, passing: bool | None = None, delay_s: float | None = None, lose_every: int | None = None
    ) -> None:
        async def do() -> None:
            self._passing = self._passing if passing is None else passing
            self._delay_s = self._delay_s if delay_s is None else delay_s
            self._lose_every = self._lose_every if lose_every is None else lose_every

        self._journal.note(self.name, DONE, what)
        self._loop.run(do())

    # -- in the loop's thread -----------------------------------------------------------------------------------
    async def _open(self) -> None:
        self._front.setblocking(False)
        self._front.bind((self.host, self.port))
        asyncio.get_running_loop().add_reader(self._front, self._from_sender)

    async def _close(self) -> None:
        for end in (self._front, *self._backs.values()):
            asyncio.get_running_loop().remove_reader(end)
            end.close()

    def _from_sender(self) -> None:
        with contextlib.suppress(OSError):
            data, sender = self._front.recvfrom(_DATAGRAM_BYTES_MAX)
            back = self._backs.get(sender) or self._add(sender)
            self._pass(data, "server", lambda: back.sendto(data, self._upstream))

    def _add(self, sender: tuple[str, int]) -> socket.socket:
        back = self._backs[sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        back.setblocking(False)
        back.bind((self.host, 0))  # not connected: a connected one would report a dead peer instead of losing datagrams
        asyncio.get_running_loop().add_reader(back, self._from_upstream, back, sender)
        self.count(connections=1, opened=1)
        return back

    def _from_upstream(self, back: socket.socket, sender: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            data = back.recv(_DATAGRAM_BYTES_MAX)
            self._pass(data, "client", lambda: self._front.sendto(data, sender))

    def _pass(self, data: bytes, towards: Side, send: Callable[[], int]) -> None:
        self._arrived += 1
        self.count(towards=towards, taken=len(data))
        if self._lose_every and self._arrived % self._lose_every == 0:
            return

        def deliver() -> None:
            if self._passing:
                with contextlib.suppress(OSError):  # nobody is there, or no room: lost, as datagrams are
                    send()
                    self.count(towards=towards, passed=len(data))

        if self._delay_s:
            asyncio.get_running_loop().call_later(self._delay_s, deliver)
        else:
            deliver()
