"""Whether a text that comes in blocks is UTF-8."""

import codecs
from collections.abc import Callable


def check_utf_8(refuse: Callable[[str], Exception]) -> Callable[[bytes], None]:
    """Make what sees that blocks, one after the other, are UTF-8; the last one is empty.

    Args:
        refuse: makes the error of what was found.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()

    def check(block: bytes) -> None:
        held, _ = decoder.getstate()
        if block and not held and block.isascii():
            return  # in a tenth of the time
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise refuse(f"the byte 0x{error.object[error.start]:02x}") from None

    return check
