"""A text's file as a stream of parts, so that it may be larger than memory.

Source: the notes, "Text Preprocessing", `read_time_machine`.
"""

from collections.abc import Iterator
from pathlib import Path

from seqstep.errors import TextError

#: characters of a part
PART = 1 << 21


def read_parts(path: Path, characters: int = PART) -> Iterator[str]:
    r"""Read a text in UTF-8 part by part (a leading byte order mark is passed over).

    Args:
        characters: of a part, >= 1; the last part may be shorter.

    Yields:
        parts that are the text if they are joined; all its lines end with \n, whatever they ended with.

    Raises:
        TextError: a byte that is not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            while part := file.read(characters):
                yield part
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise TextError(
            f"expected UTF-8 text in {path}, got the byte 0x{byte:02x} in it;"
            " set corpus.encoding to the one that it has"
        ) from None


def read_lines(path: Path) -> list[str]:
    r"""Read the lines of a text, each with the \n that ends it; see `read_parts`."""
    lines = "".join(read_parts(path)).split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
