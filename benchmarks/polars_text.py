"""A second engine for a text: Polars, with its own means from the cleaning to the counts.

All is in memory at once, as in the notes' way.
"""

from pathlib import Path

import polars as pl


def read_words(path: Path) -> pl.Series:
    """Read a text, keep its letters in lower case, and split it into words."""
    lines = pl.Series("word", path.read_text(encoding="utf-8").split("\n"))
    words = lines.str.replace_all("[^A-Za-z]+", " ").str.to_lowercase().str.split(" ").explode()
    return words.filter(words != "")


def number(words: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Write words as numbers, the most frequent first; return the numbers and what each stands for."""
    counts = words.to_frame().group_by("word", maintain_order=True).len()
    types = counts.sort("len", descending=True, maintain_order=True)["word"]
    numbers = pl.DataFrame(
        {"word": types, "index": pl.arange(1, len(types) + 1, eager=True, dtype=pl.UInt32)}
    )
    return words.to_frame().join(numbers, on="word", how="left", maintain_order="left")["index"], types


def count_ngrams(numbers: pl.Series) -> list[pl.DataFrame]:
    """Count words, pairs and triples of neighbours, the most frequent first."""
    bits = int(numbers.max()).bit_length()  # type: ignore[arg-type]
    keys, counted = numbers.cast(pl.UInt64), []
    for n in (1, 2, 3):
        if n > 1:
            keys = keys[:-1] * 2**bits + numbers[n - 1 :].cast(pl.UInt64)
        counts = keys.alias("key").to_frame().group_by("key", maintain_order=True).len()
        counts = counts.sort("len", descending=True, maintain_order=True)
        parts = [
            (pl.col("key") // 2 ** (bits * place) % 2**bits).alias(f"w{n - place}") for place in range(n)
        ]
        counted.append(counts.select(*reversed(parts), "len"))
    return counted
