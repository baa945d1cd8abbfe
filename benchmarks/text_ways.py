"""One way from a text's file to the counts of its words, bigrams and trigrams, as a process of its own.

    python -m benchmarks.text_ways {seqstep,notes,polars} FILE

It prints JSON: how many of each there are, a digest of the most frequent ones in order, and the most memory
that it took.
"""

import hashlib
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Top = list[list[tuple[str, int]]]

_ROWS = 1000


def seqstep(path: Path) -> tuple[list[int], Top]:
    """Go seqstep's way."""
    from seqstep.settings.config import TextConfig
    from seqstep.text.ngrams import count_ngrams_up_to
    from seqstep.text.tokens import read_tokens
    from seqstep.text.vocab import Vocab

    (words,) = read_tokens(path, TextConfig(), ["word"]).tokens
    vocab = Vocab.of(words)
    counted = count_ngrams_up_to(vocab.reader(words), 3)
    top = [[(" ".join(vocab.to_tokens(gram)), count) for gram, count in c.top(_ROWS)] for c in counted]
    return [len(counts) for counts in counted], top


def notes(path: Path) -> tuple[list[int], Top]:
    """Go the notes' way."""
    from benchmarks import notes_way_text as way

    words = way.read_words(path)
    # As in the notes, the numbers are for the networks, and the n-grams are counted as words.
    numbers, types = way.number(words)
    assert len(numbers) == len(words) and len(types) > 1
    counted = way.count_ngrams(words)
    top = [
        [(gram if isinstance(gram, str) else " ".join(gram), count) for gram, count in counts[:_ROWS]]
        for counts in counted
    ]
    return [len(counts) for counts in counted], top


def polars(path: Path) -> tuple[list[int], Top]:
    """Go Polars' way."""
    from benchmarks import polars_text as way

    numbers, types = way.number(way.read_words(path))
    counted = way.count_ngrams(numbers)
    top = [
        [(" ".join(types[int(index) - 1] for index in gram), count) for *gram, count in counts[:_ROWS].rows()]
        for counts in counted
    ]
    return [len(counts) for counts in counted], top


WAYS: dict[str, Callable[[Path], tuple[list[int], Top]]] = {
    "seqstep": seqstep,
    "notes": notes,
    "polars": polars,
}


def main(way: str, path: str) -> dict[str, Any]:
    """Go a way; return what it found and what it took."""
    types, top = WAYS[way](Path(path))
    digest = hashlib.sha256(json.dumps(top).encode()).hexdigest()[:16]
    return {"types": types, "digest": digest, "peak_mb": peak_bytes() / 1e6}


def peak_bytes() -> int:
    """Find the most memory that this process has taken, files that are mapped into it included."""
    status = Path("/proc/self/status")
    if status.exists():
        # What `getrusage` says holds the memory of the process that started this one too.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
