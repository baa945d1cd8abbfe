"""How tokens are spelt in an ARPA file, whose fields are parted by white space.

    a space on its own     <space>
    <unk>                  <unk>, as every reader of the format expects it
    white space, and what can't be printed, in any token
                           <U+0009> and so on: the number of the character in hexadecimal
    a token that would read as one of these, or as a marker of sentences
                           its < as <U+003C>

So every token has one spelling, and every spelling stands for one token.
"""

import re

from seqstep.errors import TextError
from seqstep.text.vocab import UNKNOWN

#: markers of a sentence's begin and end
START, END = MARKERS = ("<s>", "</s>")

_SPACE = "<space>"
_WHOLE = {" ": _SPACE, UNKNOWN: UNKNOWN}
_TAKEN = {_SPACE, *MARKERS, "<UNK>"}  # kenlm reads <UNK> as <unk>
_NUMBERED = re.compile(r"<U\+(10[0-9A-F]{4}|[0-9A-F]{4,5})>")


def escape(token: str) -> str:
    """Write a token without white space.

    Raises:
        TextError: an empty token.
    """
    if not token:
        raise TextError("expected tokens with at least one character for an ARPA file, got an empty one")
    if token in _WHOLE:
        return _WHOLE[token]
    if token in _TAKEN or "<U+" in token:
        token = token.replace("<", _number("<"))
    return "".join(_number(char) if char.isspace() or not char.isprintable() else char for char in token)


def unescape(spelling: str) -> str:
    """Read what `escape` wrote."""
    if spelling == _SPACE:
        return " "
    return _NUMBERED.sub(lambda found: chr(int(found[1], 16)), spelling)


def _number(char: str) -> str:
    return f"<U+{ord(char):04X}>"
