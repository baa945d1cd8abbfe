"""ARPA files as other tools write them: kenlm, SRILM, IRSTLM, the CMU toolkit."""

import gzip
from collections.abc import Mapping
from itertools import product
from math import log10
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import ModelError
from seqstep.text.arpa.reading import read_arpa
from seqstep.text.ngram_models.drawing import draw

# Of single tokens, and of pairs; what is left after a context is shared by its weight.
SINGLE = {"<unk>": 0.1, "</s>": 0.2, "a": 0.4, "b": 0.3}
PAIRS = {"<s> a": 0.6, "a b": 0.5, "a </s>": 0.3, "b a": 0.7}
WEIGHTS = {"<s>": 0.4 / 0.6, "a": 0.2 / 0.5, "b": 0.3 / 0.6}
# The same with a share for the start, as a tool that takes it for a word counts.
COUNTED = {**{token: 0.8 * share for token, share in SINGLE.items()}, "<s>": 0.2}
COUNTED_WEIGHTS = {"<s>": 0.4 / (1 - 0.32), "a": 0.2 / (1 - 0.4), "b": 0.3 / (1 - 0.32)}

EXPLAINED = r"""This is a CLOSED-vocabulary model.
The beginning of data mark: \data\
ngram 1=nr            # number of 1-grams
ngram 2=nr

\1-grams:
p_1     wd_1 bo_wt_1
end of data mark: \end\

"""


def written(
    head: str = "",
    gap: str = "\t",
    start: str = "0",
    end: str = "",
    single: Mapping[str, float] = SINGLE,
    weights: Mapping[str, float] = WEIGHTS,
    counts: str = "ngram {}={}",
) -> str:
    """Write the model as a tool may."""
    logs = {token: f"{log10(share):.6f}" for token, share in single.items()} | (
        {"<s>": start} if start else {}
    )
    ones = [
        [log, token, *([f"{log10(weights[token]):.6f}"] if token in weights else [])]
        for token, log in logs.items()
    ]
    twos = [[f"{log10(share):.6f}", *pair.split()] for pair, share in PAIRS.items()]
    lines = [head + "\\data\\", counts.format(1, len(ones)), counts.format(2, len(twos)), *end.split("|")[:1]]
    lines += ["", "\\1-grams:", *map(gap.join, ones), "", "\\2-grams:", *map(gap.join, twos), ""]
    return "\n".join([*lines, *end.split("|")[1:], "\\end\\", ""])


HABITS = {
    "kenlm": written(),
    "kenlm, its zero as a decimal": written(start="0.0"),
    "SRILM": written(head="\n", start="-99"),
    "SRILM, no probability": written(start="-inf"),
    "CMU": written(head=EXPLAINED, gap=" ", start="-99.9990").replace("<unk>", "<UNK>"),
    "blanks": written(gap="  ", head="  "),
    "blanks and tabs": written(gap=" \t "),
    "blanks at the ends": written().replace("\n", " \t\n"),
    "ends of lines as on Windows": written().replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + written(),
    "counts with blanks": written(counts="ngram  {} =    {}"),
    "an empty length": written(end="ngram 3=0|\\3-grams:|"),
    "two empty lengths": written(end="ngram 3=0\nngram 4=0|\\3-grams:|\\4-grams:|"),
    "an empty length that is left out": written(end="ngram 3=0|"),
    "an empty length that is not counted": written(end="|\\3-grams:"),
    "weights of the longest": written().replace("\ta\tb\n", "\ta\tb\t-0.5\n"),
    "more behind its end": written() + "\nwritten by hand\n",
    "a probability of a little more than 1": written().replace("\n0\t", "\n0.0000010\t"),
}
COUNTING = {
    "IRSTLM": written(start="", single=COUNTED, weights=COUNTED_WEIGHTS, counts="ngram {}=    {}"),
    "IRSTLM, a pair that ends in the start": written(start="", single=COUNTED, weights=COUNTED_WEIGHTS)
    .replace("ngram 2=4", "ngram 2=5")
    .replace("\\2-grams:", "\\2-grams:\n-1\t</s>\t<s>")
    .replace("\t</s>\n", f"\t</s>\t{log10(0.9 / 0.8):.6f}\n", 1),
}
COUNTING["IRSTLM, the start is certain after the end"] = (
    COUNTING["IRSTLM, a pair that ends in the start"]
    .replace("-1\t</s>", "0\t</s>")
    .replace(f"{log10(0.9 / 0.8):.6f}", "-99")
)


def expected(context: str) -> dict[str, float]:
    """P(token | context) by hand."""
    weight = WEIGHTS.get(context, 1)
    return {token: PAIRS.get(f"{context} {token}", weight * share) for token, share in SINGLE.items()}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("habit", HABITS)
def test_a_model_is_read_as_it_was_meant(habit: str, packed: bool, tmp_path: Path) -> None:
    path, content = tmp_path / "model.arpa", HABITS[habit].encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    model, tokens = read_arpa(path)
    assert sorted(tokens) == sorted([*SINGLE, "<s>"]) and model.order == 2
    for context, number in {**{token: [index] for index, token in enumerate(tokens)}, "": []}.items():
        found = dict(zip(tokens, model.probabilities(number).tolist(), strict=True))
        assert found == pytest.approx({**expected(context), "<s>": 0}, abs=1e-5)


@pytest.mark.parametrize("habit", [*HABITS, *COUNTING])
def test_after_every_context_all_sums_to_1_and_the_start_is_never_next(habit: str, tmp_path: Path) -> None:
    path = tmp_path / "model.arpa"
    path.write_text({**HABITS, **COUNTING}[habit], encoding="utf-8")
    model, tokens = read_arpa(path)
    start = tokens.index("<s>")
    for length in range(4):
        for context in product(range(len(tokens)), repeat=length):
            found = model.probabilities(context)
            assert found.sum() == pytest.approx(1, abs=1e-5) and found[start] == 0
    for temperature in (0, 1, 5):
        assert start not in draw(model, [start], 200, temperature, seed=1)


@settings(max_examples=30)
@given(
    text=st.lists(st.integers(0, 4), min_size=1, max_size=20), before=st.lists(st.integers(0, 4), max_size=3)
)
def test_a_share_that_the_start_has_is_the_others_in_every_way_of_asking(
    text: list[int], before: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("arpa") / "model.arpa"
    path.write_text(COUNTING["IRSTLM"])
    model, tokens = read_arpa(path)
    ids = np.array(text)
    one_by_one = np.array(
        [model.probabilities([*before, *text[:end]])[token] for end, token in enumerate(text)]
    )
    assert np.exp(model.log_probabilities(ids, before)) == pytest.approx(one_by_one, abs=1e-9)
    rows = model.distributions(ids, before)
    assert rows[np.arange(len(ids)), ids] == pytest.approx(one_by_one, abs=1e-5)
    assert rows.sum(axis=1) == pytest.approx(1, abs=1e-5) and not rows[:, tokens.index("<s>")].any()


def test_the_share_of_the_start_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "model.arpa"
    path.write_text(COUNTING["IRSTLM"])
    model, tokens = read_arpa(path)
    found = dict(zip(tokens, model.probabilities([tokens.index("a")]), strict=True))
    assert found["b"] == pytest.approx(0.5 / (1 - 0.2 / 3), abs=1e-5)  # P(<s> | a) = 1 / 3 × 0.2
    assert dict(zip(tokens, model.probabilities([]), strict=True)) == pytest.approx(
        {**SINGLE, "<s>": 0}, abs=1e-5
    )


def test_a_compressed_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.arpa.gz"
    path.write_bytes(gzip.compress(HABITS["kenlm"].encode())[:-30])
    with pytest.raises(
        ModelError, match=r"expected an ARPA file in UTF-8 at .*, got none: expected a whole gzip"
    ):
        read_arpa(path)
