"""Ports are free, for both protocols, and nobody is given the same one."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from harness import ports
from harness.ports import fresh_port


def test_a_fresh_port_can_be_bound_for_tcp_and_udp() -> None:
    port = fresh_port()
    with socket.create_server(("", port)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("", port))


def test_no_two_are_the_same_in_this_process_or_another() -> None:
    ours = {fresh_port() for _ in range(20)}
    assert len(ours) == 20
    as_we_begin = f"import os; os.getpid = lambda: {os.getpid()}"  # it looks for ports where we looked for ours
    program = f"{as_we_begin}\nfrom harness.ports import fresh_port\nprint([fresh_port() for _ in range(40)])"
    environment = {"PYTHONPATH": str(Path(ports.__file__).parent.parent)}
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    theirs = {int(port) for port in answer.stdout.strip("[]\n").split(",")}
    assert not ours & theirs


def test_a_port_that_somebody_listens_on_is_not_given() -> None:
    port = fresh_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not ports.is_free(port)
    assert ports.is_free(port)
