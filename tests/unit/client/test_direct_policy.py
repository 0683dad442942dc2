"""Whom the direct port lets in, and how much a peer may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.client.direct_policy import Door, Quota, Room
from chatapp.model.limits import (
    DIRECT_CHUNK_BYTES_MAX,
    DIRECT_HANDSHAKES_MAX,
    DIRECT_HANDSHAKES_PER_ADDRESS_MAX,
    DIRECT_PEER_BYTES_MAX,
    DIRECT_PEER_MESSAGES_MAX,
    DIRECT_QUOTA_WINDOW_S,
    DIRECT_RECEIVING_BYTES_MAX,
    DIRECT_REFUSALS_MAX,
)


class TestTheDoor:
    def test_one_address_has_few_places(self) -> None:
        door = Door()
        for _ in range(DIRECT_HANDSHAKES_PER_ADDRESS_MAX):
            assert door.knock("192.0.2.7", proven=True) == "enter"
        assert door.knock("192.0.2.7", proven=True) == "refuse"
        assert door.knock("192.0.2.8", proven=True) == "enter"
        door.leave("192.0.2.7")
        assert door.knock("192.0.2.7", proven=True) == "enter"

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("2001:db8::1", "2001:db8::2", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:192.0.2.7", "192.0.2.7", True),
        ],
    )
    def test_what_counts_as_one_address(self, one: str, other: str, same: bool) -> None:
        door = Door()
        for _ in range(DIRECT_HANDSHAKES_PER_ADDRESS_MAX):
            door.knock(one, proven=True)
        assert (door.knock(other, proven=True) == "refuse") is same

    @pytest.mark.parametrize("loopback", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    def test_the_processes_of_one_machine_share_all_places(self, loopback: str) -> None:
        door = Door()
        for _ in range(DIRECT_HANDSHAKES_MAX):
            assert door.knock(loopback, proven=True) == "enter"
        assert door.knock(loopback, proven=True) == "refuse"

    def test_forged_addresses_keep_nobody_out(self) -> None:
        door = Door()
        forged = [f"198.51.100.{n}" for n in range(DIRECT_HANDSHAKES_MAX)]
        verdicts = [door.knock(address, proven=False) for address in forged]
        assert verdicts == ["enter"] * (DIRECT_HANDSHAKES_MAX // 2) + ["prove"] * (DIRECT_HANDSHAKES_MAX // 2)
        assert door.knock("192.0.2.7", proven=False) == "prove"
        assert door.knock("192.0.2.7", proven=True) == "enter"
        for _ in range(DIRECT_HANDSHAKES_PER_ADDRESS_MAX):
            door.knock("192.0.2.9", proven=False)
        assert door.knock("192.0.2.9", proven=True) == "enter"

    @given(st.lists(st.tuples(st.sampled_from(["192.0.2.7", "192.0.2.8", "::1"]), st.booleans())))
    def test_all_who_leave_make_room_again(self, knocks: list[tuple[str, bool]]) -> None:
        door = Door()
        inside = [address for address, proven in knocks if door.knock(address, proven=proven) == "enter"]
        assert len(inside) <= DIRECT_HANDSHAKES_MAX
        for address in inside:
            door.leave(address)
        assert all(door.knock(f"203.0.113.{n}", proven=True) == "enter" for n in range(DIRECT_HANDSHAKES_MAX))


class TestTheQuota:
    def test_so_many_messages_in_a_window(self) -> None:
        quota = Quota(since_s=100.0)
        assert all(quota.charge(1, 110.0) == 0.0 for _ in range(DIRECT_PEER_MESSAGES_MAX))
        assert quota.charge(1, 110.0) == DIRECT_QUOTA_WINDOW_S - 10.0
        assert quota.charge(1, 100.0 + DIRECT_QUOTA_WINDOW_S) == 0.0

    def test_so_many_bytes_in_a_window(self) -> None:
        quota = Quota(since_s=0.0)
        assert quota.charge(DIRECT_PEER_BYTES_MAX - 1, 1.0) == 0.0
        assert quota.charge(2, 2.0) > 0.0
        assert quota.charge(1, 2.0) == 0.0

    def test_the_first_message_of_a_window_may_be_as_long_as_it_likes(self) -> None:
        quota = Quota(since_s=0.0)
        assert quota.charge(2 * DIRECT_PEER_BYTES_MAX, 1.0) == 0.0
        assert quota.charge(1, 1.0) > 0.0

    def test_who_does_not_listen_to_refusals_is_found_out(self) -> None:
        quota = Quota(since_s=0.0)
        assert not any(quota.refused(1.0) for _ in range(DIRECT_REFUSALS_MAX))
        assert quota.refused(1.0)
        assert not quota.refused(DIRECT_QUOTA_WINDOW_S)


class TestTheRoom:
    def test_long_bodies_share_it_and_short_ones_do_not_count(self) -> None:
        room = Room()
        assert room.take(DIRECT_RECEIVING_BYTES_MAX)
        assert not room.take(DIRECT_CHUNK_BYTES_MAX + 1)
        assert room.take(DIRECT_CHUNK_BYTES_MAX)
        room.give(DIRECT_CHUNK_BYTES_MAX)
        room.give(DIRECT_RECEIVING_BYTES_MAX)
        assert room.take(DIRECT_CHUNK_BYTES_MAX + 1)

    def test_one_body_alone_always_has_room(self) -> None:
        assert Room().take(2 * DIRECT_RECEIVING_BYTES_MAX)
