"""What of a text may be seen, and how: no secret of a URL, no control character, of a long value its ends.

May import nothing of the project; knows nothing of pipelines or sequences.
"""

from secrecy.display import cut, in_line, quote, shorten, spell, visible
from secrecy.urls import (
    HIDDEN,
    UnsetError,
    expand_variables,
    holds_url,
    identify_url,
    link_url,
    names_host,
    redact,
    show_url,
    words_about,
)

__all__ = [
    "HIDDEN",
    "UnsetError",
    "cut",
    "expand_variables",
    "holds_url",
    "identify_url",
    "in_line",
    "link_url",
    "names_host",
    "quote",
    "redact",
    "shorten",
    "show_url",
    "spell",
    "visible",
    "words_about",
]
