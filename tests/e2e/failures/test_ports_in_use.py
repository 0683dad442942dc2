"""A port that another program has: one line that says what to do, and exit status 2."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from chatapp.model.errors import ExitStatus
from harness.people import People
from harness.ports import fresh_port
from harness.processes import program
from harness.server import Server
from harness.stage import Stage


@contextmanager
def taken(
    kind: socket.SocketKind, family: socket.AddressFamily = socket.AF_INET, host: str = "127.0.0.1"
) -> Iterator[int]:
    """A port that somebody has."""
    with socket.socket(family, kind) as other:
        other.bind((host, fresh_port()))
        if kind == socket.SOCK_STREAM:
            other.listen()
        yield int(other.getsockname()[1])


def test_the_servers_port(stage: Stage) -> None:
    with taken(socket.SOCK_STREAM) as port:
        other = stage.process("other", program("serve", "--port", str(port), "--data", "data"))
        other.expect_error(f"Error: port {port} is in use. Stop the other program, or choose another port.")
        assert other.exit_status() == ExitStatus.USAGE
        classic = stage.process("classic", program("-s", str(port)), data="data")
        classic.expect_error(f"Error: port {port} is in use. Stop the other program, or choose another port.")
        assert classic.exit_status() == ExitStatus.USAGE
    for process in (other, classic):
        assert len(process.errors) == 1
        assert process.lines == []


def test_a_server_that_runs_there_already(stage: Stage, server: Server, people: People) -> None:
    sana = people.pipe("sana")
    second = stage.process("second", program("serve", "--port", str(server.port), "--data", "data"))
    second.expect_error(f"Error: port {server.port} is in use. Stop the other program, or choose another port.")
    assert second.exit_status() == ExitStatus.USAGE
    sana.type("create_group skii")
    sana.expect(">>> [Group skii created by Server.]")


def test_an_address_that_isnt_this_machines(stage: Stage) -> None:
    port = fresh_port()
    process = stage.process("elsewhere", program("serve", "--port", str(port), "--bind", "192.0.2.1", "--data", "data"))
    process.expect_error(f"Error: cannot listen on port {port}: {os.strerror(errno.EADDRNOTAVAIL)}")
    assert process.exit_status() == ExitStatus.USAGE


def test_the_clients_port(people: People) -> None:
    places = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")]
    for family, host in places:
        with taken(socket.SOCK_DGRAM, family, host) as port:
            sana = people.pipe("sana", direct_port=port, welcome=False)
            sana.expect_error(
                f"Error: the client port {port} is in use. Choose another one, or 0 for any that is free."
            )
            assert sana.exit_status() == ExitStatus.USAGE
            assert len(sana.errors) == 1
    sana.start()
    sana.expect(">>> [Welcome, You are registered.]")


def test_the_clients_port_of_somebody_on_the_same_machine(people: People) -> None:
    port = fresh_port()
    sana = people.pipe("sana", direct_port=port)
    aysha = people.pipe("aysha", direct_port=port, welcome=False)
    aysha.expect_error(f"Error: the client port {port} is in use. Choose another one, or 0 for any that is free.")
    assert aysha.exit_status() == ExitStatus.USAGE
    aysha = people.pipe("aysha", command="join", arguments=["--direct-port", "0"])
    aysha.type("send sana hello")
    aysha.expect(">>> [Message received by sana.]")
    sana.expect(">>> aysha: hello")
