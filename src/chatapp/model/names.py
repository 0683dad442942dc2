"""Names of people and groups: one alphabet, one folding, so that what looks the same is the same.

Letters, marks and digits of any script and `-`, `_`, `.`, beginning with a letter or digit: nothing that a
terminal, a path or a command line could take for something else.
"""

import re
import unicodedata
from itertools import takewhile

from chatapp.model.limits import NAME_BYTES_MAX, NAME_CHARACTERS_MAX, NAME_WRITTEN_CHARACTERS_MAX

_PUNCTUATION = "-_."
# Letters and marks that nobody can see (Unicode's Default_Ignorable_Code_Point, of categories L and M).
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def fold(text: str) -> str:
    """The form in which a name is stored and compared: NFKC, case-folded, NFKC again (Unicode 3.13, D146).

    What is too long to be a name stays as it is: normalizing takes time in the square of its marks.
    """
    if len(text) > NAME_WRITTEN_CHARACTERS_MAX:
        return text
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fault(name: str) -> str | None:
    """Why a folded name can't be used, as a sentence's end, or None."""
    if not name:
        return "a name can't be empty"
    if len(name) > NAME_CHARACTERS_MAX or len(name.encode(errors="surrogatepass")) > NAME_BYTES_MAX:
        return f"a name has at most {NAME_CHARACTERS_MAX} characters"
    if name != fold(name):
        return "a name is written in lower case"
    if not _is_letter_or_digit(name[0]):
        return "a name begins with a letter or a digit"
    if not all(_is_allowed(character) for character in name):
        return "a name has letters, digits, '-', '_' and '.' only"
    return None


def leading(text: str) -> str:
    """What of the text could be a name, from its beginning: `sana` of `sana, look`."""
    return "".join(takewhile(_is_allowed, text))


def _is_allowed(character: str) -> bool:
    if _INVISIBLE.match(character):
        return False
    is_mark = unicodedata.category(character) in ("Mn", "Mc")
    return is_mark or _is_letter_or_digit(character) or character in _PUNCTUATION


def _is_letter_or_digit(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category == "Nd"
