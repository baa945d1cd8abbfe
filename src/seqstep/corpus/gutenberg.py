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
    is_inside, has_begun, in_mark = False, False, 0
    for line in lines_of(parts):
        if in_mark:
            in_mark = 0 if line.rstrip().endswith(_MARK) else in_mark - 1
        elif not is_inside and (found := _START.match(line) or _END_OF_SMALL_PRINT.match(line)):
            is_inside = has_begun = True
            goes_on = found.re is _START and not line[found.end() :].rstrip().endswith(_MARK)
            in_mark = _MOST_LINES if goes_on else 0
        elif is_inside and _END.match(line):
            is_inside = False
        elif is_inside:
            yield line
    if is_inside or not has_begun:
        raise refuse("a head without a foot" if has_begun else "none")
