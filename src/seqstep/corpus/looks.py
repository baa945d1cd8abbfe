"""What a file looks like that was meant to be a text, and is another thing.

Source of the tags: "MIME Sniffing Standard", 7.1.
"""

import json
import re
from contextlib import suppress

_STARTS = {
    b"%PDF-": "a PDF",
    b"{\\rtf": "a document in RTF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"7z\xbc\xaf\x27\x1c": "a .7z archive",
    b"Rar!": "a .rar archive",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
    b"PAR1": "Parquet",
}
_TAR_AT, _TAR = 257, b"ustar"
_TAGS = "html|head|meta|link|base|script|iframe|h1|div|font|table|a|style|title|b|body|br|p"
_HTML = re.compile(
    rf"(\s|<!--.*?-->|<\?(?:xml|php|=).*?\?>)*(<!doctype\s+html|<({_TAGS})(?=[\s>]))",
    re.IGNORECASE | re.DOTALL,
)
_GUTENBERG = re.compile(
    r"^\s*\*{3}\s*START OF (THE|THIS) PROJECT GUTENBERG|SMALL PRINT! ", re.IGNORECASE | re.M
)
_LEAST_LINES, _NAMES_OF_LINES = 2, (".jsonl", ".ndjson", ".json")
_FIRST_FIELD = re.compile(r'\s*\{\s*"((?:[^"\\]|\\.)*)"\s*:\s*["\[{\w-]')


def is_parquet(head: bytes) -> bool:
    """Tell by its first bytes whether a file is Parquet."""
    return head.startswith(b"PAR1")


def what_else(head: bytes) -> str:
    """Say what a file is, by its first bytes, if it is known to be no text."""
    if head[_TAR_AT:].startswith(_TAR):
        return "a tar archive"
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), "")


def is_html(start: str) -> bool:
    """Tell by its start whether a text is a page."""
    return _HTML.match(start) is not None


def is_from_gutenberg(start: str) -> bool:
    """Tell by its start whether Project Gutenberg wrote a head before a text."""
    return _GUTENBERG.search(start) is not None


def fields_of_lines(start: str, name: str) -> list[str]:
    """List the fields of the first line of JSON lines; nothing if a text is none.

    Args:
        name: of the file, whose end tells where there is but one line.
    """
    lines = [line for line in start.split("\n") if line.strip()]
    if "\n" not in start.lstrip() and not _object(start) and (first := _FIRST_FIELD.match(start)):
        return [first[1], "…"]  # the line is longer than what is looked at
    is_called_so = any(end in name for end in _NAMES_OF_LINES)
    least = 1 if is_called_so or len(lines) == 1 else _LEAST_LINES
    found = [_object(line) for line in lines[:least]]
    return list(found[0]) if found and all(found) else []


def is_json_document(start: str, name: str) -> bool:
    """Tell whether a file that is called so is JSON."""
    return any(end in name for end in _NAMES_OF_LINES) and start.lstrip()[:1] in ("[", "{")


def _object(line: str) -> dict[str, object]:
    """Read a line that is a JSON object; nothing of another one."""
    with suppress(ValueError, RecursionError):
        value = json.loads(line)
        return value if isinstance(value, dict) else {}
    return {}
