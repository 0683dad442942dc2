"""RFC 8032."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.identity.keys import KEY_BYTES, SIGNATURE_BYTES, Identity, verify

seeds = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize(
    ("seed", "public", "message", "first_half", "second_half"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
    ids=["7.1, TEST 1", "7.1, TEST 2"],
)
def test_the_vectors_of_the_standard(seed: str, public: str, message: str, first_half: str, second_half: str) -> None:
    identity = Identity(bytes.fromhex(seed))
    signature = bytes.fromhex(first_half + second_half)

    assert identity.public.hex() == public
    assert identity.sign(bytes.fromhex(message)) == signature
    assert verify(identity.public, signature, bytes.fromhex(message))


@given(seeds, st.binary(), st.integers(0, SIGNATURE_BYTES * 8 - 1))
def test_a_changed_signature_verifies_nothing(seed: bytes, message: bytes, bit: int) -> None:
    identity = Identity(seed)
    signature = bytearray(identity.sign(message))
    signature[bit // 8] ^= 1 << bit % 8

    assert not verify(identity.public, bytes(signature), message)


@given(seeds, st.binary(), st.binary())
def test_nor_does_one_of_another_message(seed: bytes, message: bytes, other: bytes) -> None:
    identity = Identity(seed)

    assert verify(identity.public, identity.sign(message), other) == (message == other)


@given(st.binary(max_size=KEY_BYTES + 2), st.binary(max_size=SIGNATURE_BYTES + 2), st.binary())
def test_what_is_no_key_or_no_signature_verifies_nothing(public: bytes, signature: bytes, message: bytes) -> None:
    assert not verify(public, signature, message)
