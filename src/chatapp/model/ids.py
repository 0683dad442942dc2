"""Ids: an installation number and a counter, `"1f0c…-42"`; unique for ever, ordered (protocol 2.2)."""

import re
from typing import NamedTuple, NewType

from chatapp.model.errors import ProtocolViolation
from chatapp.model.limits import COUNTER_MAX

ClientNumber = NewType("ClientNumber", int)
"""A client's row in the store."""
GroupNumber = NewType("GroupNumber", int)
"""A group's row in the store; on the wire a group has its random id instead."""
SessionNumber = NewType("SessionNumber", int)
"""An authenticated connection; also its generation: a later session of the same client has a larger one."""

_ID = re.compile(r"([0-9a-f]{16})-([1-9][0-9]{0,15})", re.ASCII)


class RequestId(NamedTuple):
    """installation: 63 random bits, made with the archive; counter: 1, 2, 3 …"""

    installation: int
    counter: int

    def __str__(self) -> str:
        return f"{self.installation:016x}-{self.counter}"


def parse_id(text: str) -> RequestId:
    """The id that `str(RequestId)` wrote. Raises ProtocolViolation."""
    match = _ID.fullmatch(text)
    if match is not None:
        installation, counter = int(match[1], 16), int(match[2])
        if installation < 1 << 63 and counter <= COUNTER_MAX:
            return RequestId(installation, counter)
    raise ProtocolViolation("bad_id", "an id is 16 hexadecimal digits below 2^63, a dash, and a counter from 1")
