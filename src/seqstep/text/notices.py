"""What the reader of a text should know of it before anything is learnt from it."""

from seqstep.settings.config import TextConfig
from seqstep.text.characters import Characters
from seqstep.text.dropped import Dropped
from seqstep.text.scripts import count_scripts
from seqstep.text.spacing import is_unspaced

#: words of the longest n-grams that are counted
LONGEST = 3


def text_notices(characters: Characters, dropped: Dropped, words: int, config: TextConfig) -> list[str]:
    """Say what was dropped, what words are where none stand between spaces, and what can't be counted.

    Args:
        characters: of the text as it was read.
        words: of the clean text.
    """
    notices = [dropped.notice, _of_words(characters, config), _of_few(words), _of_documents(config)]
    return [notice for notice in notices if notice]


def _of_words(characters: Characters, config: TextConfig) -> str:
    kept = characters.other_letters() if config.clean != "ascii_letters" else []
    scripts = count_scripts((letter, count) for letter, count in kept if is_unspaced(letter))
    if not scripts:
        return ""
    return (
        f"{', '.join(scripts)}: written without spaces, so that a character counts as a word there (UAX 29),"
        " and figures on words are figures on characters"
    )


def _of_few(words: int) -> str:
    if words >= LONGEST:
        return ""
    return (
        f"the text has {words or 'no'} word{'' if words == 1 else 's'} between spaces; n-grams of more words,"
        " and what needs them, are left out"
    )


def _of_documents(config: TextConfig) -> str:
    if config.documents == "none":
        return ""
    return "nothing is counted or learnt across the end of a document, </s>"
