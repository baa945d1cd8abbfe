"""What the user should know of a text that is taken all the same."""

from collections.abc import Iterator, Sequence

from seqstep.corpus.files import TextFiles, shown
from seqstep.corpus.source import Source

_MOST_NAMES = 10


def about(sources: Sequence[Source]) -> Iterator[str]:
    """Tell what of files may not be meant, though it can be."""
    if heads := [one.short_name for one in sources if one.keeps_gutenberg]:
        yield (
            f"{some(heads)}: what Project Gutenberg wrote before and after the text is read as text;"
            " text.strip=gutenberg leaves it out"
        )
    if odd := [one.short_name for one in sources if one.could_be_utf_8]:
        yield f"{some(odd)}: read as corpus.encoding={sources[0].config.encoding} says; it is UTF-8, too"


def about_choice(found: TextFiles) -> Iterator[str]:
    """Tell which files make a text, and what lies beside them."""
    names = [shown(path) for path in found.files]
    several = "files, in this order, a line ends where a file ends" if len(names) > 1 else "file"
    yield f"the text is {len(names):,} {several}: {some(names)}"
    if found.passed_over:
        beside = [shown(path) for path in found.passed_over]
        yield f"passed over, as hidden or no file: {some(beside)}"


def about_empty(documents: int) -> Iterator[str]:
    """Tell how many documents have no text."""
    if documents:
        what = "file or record" if documents == 1 else "files or records"
        yield f"{documents:,} {what} without a text left out"


def some(names: Sequence[str]) -> str:
    """List names, of many the first and the last ones."""
    kept = list(names)
    if len(kept) > _MOST_NAMES:
        kept[_MOST_NAMES // 2 : -_MOST_NAMES // 2] = [f"({len(names) - _MOST_NAMES} more)"]
    return ", ".join(kept)
