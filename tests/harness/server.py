"""`chatapp serve`, on the loopback, with a data directory of its own."""

import http.client
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.connection import trusting_context
from harness.journal import Journal
from harness.lines import Expected
from harness.pipes import PipedProcess
from harness.ports import fresh_port
from harness.processes import Setting, program
from harness.waiting import PATIENCE_S

ONLINE = ">>> Server is online"


class Server(PipedProcess):
    """A server, and where clients reach it."""

    def __init__(
        self,
        journal: Journal,
        home: Path,
        settings: Mapping[str, Setting],
        *,
        name: str = "server",
        arguments: Sequence[str] = (),
    ) -> None:
        self.host = "127.0.0.1"
        self.port = fresh_port()
        self.data = home / "data"
        self.no_tls = bool(settings.get("no_tls", False))
        command = program("serve", "--port", str(self.port), "--bind", self.host, "--data", str(self.data), *arguments)
        super().__init__(name, command, journal, home, settings)

    def start(self, *expected: Expected) -> None:
        """Starts it, or starts it again on the same data and port; back when it is online.

        expected: the lines that it ends with instead, on stderr, when it is not to come online.
        """
        super().start()
        if expected:
            self.expect_error(*expected)
        else:
            self.expect(ONLINE)

    def get(self, path: str) -> str:
        """What it answers over HTTP: `/healthz`, `/metrics`."""
        if self.no_tls:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        else:
            connection = http.client.HTTPSConnection(
                self.host, self.port, timeout=PATIENCE_S, context=trusting_context()
            )
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == http.HTTPStatus.OK, f"{path} answered {answer.status} {answer.reason}"
            return answer.read().decode()
        finally:
            connection.close()

    def metric(self, sample: str) -> float:
        """A figure of `/metrics`, by its name and labels as they stand there; 0 if it isn't there yet."""
        for line in self.get("/metrics").splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        return 0.0
