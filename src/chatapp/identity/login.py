"""What a client signs to log in (protocol 4.3).

A fixed context, then every field with its length before it, so that no two log-ins have the same bytes, and no
signature made for log-in (or by iroh's TLS, or over a sealed message) means anything elsewhere.
"""

from chatapp.identity.keys import Identity, verify
from chatapp.model.messages import Challenge, Register

_CONTEXT = b"chatapp log-in v1"


def signed_bytes(challenge: Challenge, register: Register) -> bytes:
    """The bytes under the signature: context, server id, nonce, name, key, installation, port, addresses."""
    fields = [
        challenge.server,
        challenge.nonce,
        str(register.version),
        register.name,
        register.key,
        register.installation,
        str(register.port),
        *register.addresses,
    ]
    return b"".join(len(part).to_bytes(4, "big") + part for part in (_CONTEXT, *(f.encode() for f in fields)))


def sign(identity: Identity, challenge: Challenge, register: Register) -> str:
    """The signature for `register.signature`, hex."""
    return identity.sign(signed_bytes(challenge, register)).hex()


def is_signed(challenge: Challenge, register: Register) -> bool:
    """Whether the holder of `register.key` made this log-in for this challenge."""
    try:
        key, signature = bytes.fromhex(register.key), bytes.fromhex(register.signature)
    except ValueError:
        return False
    return verify(key, signature, signed_bytes(challenge, register))
