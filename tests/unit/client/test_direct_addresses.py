"""Which addresses are told to others, and which are dialled."""

import pytest

from chatapp.client.direct_addresses import host, is_declarable, is_dialable, own_addresses


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "192.168.1.2", "169.254.3.4", "fd12::1"])
def test_private_and_link_local_addresses_are_told(address: str) -> None:
    assert is_declarable(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1", "8.8.8.8", "2a00::1", "fe80::1", "", "x"]
)
def test_others_are_not(address: str) -> None:
    assert not is_declarable(address)


@pytest.mark.parametrize("address", ["127.0.0.1:1024", "[::1]:65535", "192.168.1.2:1", "[fd12::1]:9"])
def test_what_can_be_dialled(address: str) -> None:
    assert is_dialable(address)


@pytest.mark.parametrize(
    "address",
    ["", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:\u0661", "x:80"],
)
def test_what_cannot(address: str) -> None:
    assert not is_dialable(address)


def test_an_address_without_its_port() -> None:
    assert [host(a) for a in ("1.2.3.4:5", "[::1]:5", "[fe80::1%eth0]:5")] == ["1.2.3.4", "::1", "fe80::1"]


def test_own_addresses_are_addresses() -> None:
    assert all(is_dialable(f"{a}:1") or is_dialable(f"[{a}]:1") for a in own_addresses())
