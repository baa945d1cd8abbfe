"""What Project Gutenberg writes before and after a text, left out.

A text begins after the line `*** START OF THE PROJECT GUTENBERG EBOOK …`, which may go on over some lines; in
old files it begins after the line that ends the small print. It ends before the line `*** END OF …` or
`End of the Project Gutenberg …`. Where a file holds several texts, what is between them goes too.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from seqstep.corpus.lines import lines_of

_START = re.compile(r"\s*\*{3}\s*START OF (THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
_END_OF_SMALL_PRINT = re.compile(r"\s*\*END\s*\*?\s*THE SMALL PRINT!", re.IGNORECASE)
_END = re.compile(
    r"\s*(\*{3}\s*END OF (THE|THIS) PROJECT GUTENBERG|(This is the )?End of ((the|this) )?Project Gutenberg)",
    re.IGNORECASE,
)
_MARK = "***"
_MOST_LINES = 5


def strip(parts: Iterable[str], refuse: Callable[[str], Exception]) -> Iterator[str]:
    """Leave out what Project Gutenberg wrote.

    Args:
        refuse: makes the error of a text that has no head, or a head and no foot.
    """
    is_inside, has_begun, mark = False, False, list[str]()
    for line in lines_of(parts):
        may_go_on = mark and line.strip() and len(mark) <= _MOST_LINES
        if may_go_on:
            mark = [] if line.rstrip().endswith(_MARK) else [*mark, line]
        elif not is_inside and (found := _START.match(line) or _END_OF_SMALL_PRINT.match(line)):
            is_inside = has_begun = True
            goes_on = found.re is _START and not line[found.end() :].rstrip().endswith(_MARK)
            mark = [line] if goes_on else []
        elif is_inside and _END.match(line):
            yield from mark[1:]
            is_inside, mark = False, []
        elif is_inside:
            # No line before ended the mark, so all but the first were text.
            yield from (*mark[1:], line)
            mark = []
    if is_inside or not has_begun:
        raise refuse("a head without a foot" if has_begun else "none")
