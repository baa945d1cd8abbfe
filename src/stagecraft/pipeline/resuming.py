"""What of the mechanism decides from which state a training goes on: part of the key of every training."""

from functools import cache
from pathlib import Path

from stagecraft.cache import checkpoints
from stagecraft.code.parsing import parse
from stagecraft.code.syntax import digest_statements

#: finds, checks, loads and keeps the checkpoints
FILE = Path(checkpoints.__file__)


@cache
def resuming() -> dict[str, str]:
    """Digest that file, but for what is no part of its syntax, by the name of its module."""
    return {checkpoints.__name__: digest_statements([parse(FILE.read_bytes(), str(FILE))])}
