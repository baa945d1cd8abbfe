"""Writing models in the ARPA format."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seqstep.errors import ModelError
from seqstep.text.arpa.reading import ZERO
from seqstep.text.arpa.spelling import MARKERS, escape
from seqstep.text.ngram_models.trie_model import Interpolation
from seqstep.whole_files import write_whole


def write_arpa(path: Path, model: Interpolation, tokens: Sequence[str]) -> None:
    """Write a model whole, or not at all.

    Args:
        model: Witten–Bell, Kneser–Ney or another interpolation.
        tokens: the token of each index, `Vocab.tokens`.

    Raises:
        ModelError: the tokens are not those of the model's vocabulary.
        TextError: an empty token.
    """
    if len(tokens) != model.vocab:
        raise ModelError(f"expected the {model.vocab} tokens of the model's vocabulary, got {len(tokens)}")
    sections = _sections(model, list(map(escape, tokens)))
    sections[0] += [f"{ZERO:.0f}\t{marker}" for marker in MARKERS]
    parts = [["\\data\\", *(f"ngram {n}={len(lines)}" for n, lines in enumerate(sections, start=1))]]
    parts += [[f"\\{n}-grams:", *lines] for n, lines in enumerate(sections, start=1)]
    write_whole(path, "\n\n".join("\n".join(part) for part in [*parts, ["\\end\\"]]) + "\n")


def _sections(model: Interpolation, spelt: Sequence[str]) -> list[list[str]]:
    """Write the lines of each order."""
    sections = []
    grams, listed = [""], np.array([1 / model.vocab])
    levels = zip(model.trie.levels, model.trie.shorter(), [*model.weights[1:], None], strict=True)
    for n, (level, shorter, weights) in enumerate(levels, start=1):
        listed = model.lengthen(n, np.arange(len(level)), level.contexts, listed[shorter])
        ends = zip(level.contexts.tolist(), level.tokens.tolist(), strict=True)
        grams = [f"{grams[context]} {spelt[token]}".lstrip(" ") for context, token in ends]
        sections.append(_lines(listed, grams, np.ones(len(level)) if weights is None else weights[:-1]))
    return sections


def _lines(probabilities: np.ndarray, grams: Sequence[str], weights: np.ndarray) -> list[str]:
    logs, rest = (np.full(len(grams), ZERO) for _ in range(2))
    for of, values in ((logs, probabilities), (rest, weights)):
        np.log10(values, out=of, where=values > 0)
    return [
        f"{log:.7f}\t{gram}" + (f"\t{weight:.7f}" if weight else "")
        for log, gram, weight in zip(logs.tolist(), grams, rest.tolist(), strict=True)
    ]
