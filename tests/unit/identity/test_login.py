from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chatapp.identity.keys import Identity
from chatapp.identity.login import is_signed, sign, signed_bytes
from chatapp.model.messages import Challenge, Register

AYSHA = Identity(b"a" * 32)
CHALLENGE = Challenge("the server's id", "00ff" * 16, (1,), "chatapp 1")
UNSIGNED = Register(1, "aysha", AYSHA.public.hex(), "", "000000000000000a", 2000, ("192.168.0.2", "fe80::1"))
SIGNED = replace(UNSIGNED, signature=sign(AYSHA, CHALLENGE, UNSIGNED))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
challenges = st.builds(Challenge, texts, texts, st.just((1,)), st.just(""))
registers = st.builds(
    Register,
    st.integers(0, 3),
    texts,
    texts,
    st.just(""),
    texts,
    st.integers(0, 99),
    st.lists(texts, max_size=3).map(tuple),
)


def test_a_log_in() -> None:
    assert is_signed(CHALLENGE, SIGNED)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"name": "sana"},
        {"key": Identity(b"b" * 32).public.hex()},
        {"installation": "000000000000000b"},
        {"port": 2001},
        {"addresses": ("192.168.0.2",)},
        {"addresses": ("fe80::1", "192.168.0.2")},
        {"addresses": ()},
        {"signature": SIGNED.signature[:-2] + "00"},
        {"signature": SIGNED.signature[:-2]},
        {"signature": SIGNED.signature + "00"},
        {"signature": ""},
        {"signature": "not hexadecimal"},
        {"key": ""},
        {"key": "not hexadecimal"},
        {"key": "é" * 32},
    ],
    ids=str,
)
def test_with_any_field_changed_it_is_none(changed: dict[str, object]) -> None:
    assert not is_signed(CHALLENGE, replace(SIGNED, **changed))


def test_it_is_none_for_another_server_or_another_time() -> None:
    """Who relays a log-in to another server, or repeats one, has nothing."""
    assert not is_signed(replace(CHALLENGE, server="another server's id"), SIGNED)
    assert not is_signed(replace(CHALLENGE, nonce="00fe" * 16), SIGNED)


def test_somebody_elses_signature_is_none() -> None:
    assert not is_signed(CHALLENGE, replace(UNSIGNED, signature=sign(Identity(b"b" * 32), CHALLENGE, UNSIGNED)))


@given(challenges, challenges, registers, registers)
def test_no_two_log_ins_have_the_same_bytes(
    challenge: Challenge, other: Challenge, register: Register, another: Register
) -> None:
    same = (challenge.server, challenge.nonce, register) == (other.server, other.nonce, another)

    assert (signed_bytes(challenge, register) == signed_bytes(other, another)) == same


@given(challenges, registers)
def test_nothing_else_that_is_signed_begins_like_it(challenge: Challenge, register: Register) -> None:
    """Protocol 4.3: a fixed, length-prefixed context."""
    assert signed_bytes(challenge, register).startswith(b"\0\0\0\x11chatapp log-in v1")


def test_the_example_of_the_protocol() -> None:
    """Protocol 4.4."""
    identity = Identity(bytes(range(32)))
    challenge = Challenge("ab" * 32, "cd" * 32, (1,), "")
    register = Register(1, "aysha", identity.public.hex(), "", "0123456789abcdef", 2000, ("192.168.0.7",))
    data = signed_bytes(challenge, register)

    assert register.key == "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    assert len(data) == 282
    assert sha256(data).hexdigest() == "3f30f42ca8d1dbca97745580de4c5b253e7d0be525111dfa180ce1646e7be22e"
    assert sign(identity, challenge, register) == (
        "99fe0712255e02be77368b3799de5900df04cd29edf95cce305d9612785ce48e"
        "0e00d290dbaa9c3a07c2c0e47daf8aefc37cfa18b9c116b1dfc834d57b714b0a"
    )
