"""Text as it may touch a screen (protocol 7.3): nothing in it can move the cursor, turn the direction or forge a line.

What is stored is what was sent; this is applied where text is shown, and nowhere else.
"""

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but for tab and line break, DEL, C1
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"  # bidi controls, zero width space, byte order mark
    "\ud800-\udfff]"  # lone surrogates can't be encoded
)
_INDENT = "    "


def shown(text: str) -> str:
    """The text without controls, its later lines indented under the first, so that none looks like a speaker's line."""
    return _UNSAFE.sub("", text).replace("\n", "\n" + _INDENT)


def shown_line(text: str, characters_max: int) -> str:
    """The text on one line, cut for a screen that only gives an impression of it."""
    return " ".join(_UNSAFE.sub("", text[:characters_max]).split())
