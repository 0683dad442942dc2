"""Frames are what RFC 6455 says, and are read however their bytes come."""

import pytest

from chatapp.model.messages import Probe
from chatapp.protocol.codec import frame as frame_of_server
from harness.frames import Frame, Frames, Opcode, accept_of, frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("masked", [False, True])
def test_a_frame_is_read_as_it_was_made_byte_by_byte_and_with_more_behind_it(size: int, masked: bool) -> None:
    payload = bytes(number % 251 for number in range(size))
    data = frame(Opcode.TEXT, payload, masked=masked)
    expected = [Frame(Opcode.TEXT, payload, True, masked)]
    whole, one_by_one = Frames(), Frames()
    assert whole.feed(data + b"\x81") == expected
    assert [found for byte in data for found in one_by_one.feed(bytes([byte]))] == expected


def test_a_masked_frame_does_not_show_its_payload() -> None:
    assert b"hello" not in frame(Opcode.TEXT, b"hello" * 20)
    assert b"hello" in frame(Opcode.TEXT, b"hello", masked=False)


def test_a_frame_can_be_wrong_in_every_field() -> None:
    assert frame(Opcode.BINARY, b"", final=False, masked=False, reserved=7) == b"\x72\x00"
    assert frame(15, b"abc", masked=False, length=100) == b"\x8f\x64abc"


def test_the_servers_frames_are_read() -> None:
    assert Frames().feed(frame_of_server(Probe(7))) == [Frame(Opcode.TEXT, b'{"t":"probe","n":7}', True, False)]


def test_the_accept_of_rfc_6455_section_1_3() -> None:
    assert accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
