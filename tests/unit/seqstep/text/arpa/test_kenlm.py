"""kenlm scores texts with our files as our models do."""

from pathlib import Path

import numpy as np
import pytest

from seqstep.text.arpa.spelling import escape
from seqstep.text.arpa.writing import write_arpa
from seqstep.text.ngram_models.table import fit_counts
from seqstep.text.ngram_models.trie_model import Interpolation

kenlm = pytest.importorskip(
    "kenlm", reason="kenlm is not installed: it needs a C++ compiler; pip install -e '.[kenlm]'"
)

TOKENS = ("<unk>", " ", "e", "\t", "<s>", "time", "ß")


@pytest.mark.parametrize("order", [2, 3, 6])
@pytest.mark.parametrize("name", ["witten_bell", "kneser_ney", "modified_kneser_ney"])
def test_kenlm_scores_each_token_as_we_do(name: str, order: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(order)
    ids = rng.choice(len(TOKENS) - 1, size=300, p=[0.1, 0.4, 0.2, 0.15, 0.1, 0.05])  # ß is never seen
    ids[::3] = 1
    model = fit_counts(name, ids, len(TOKENS), order)
    assert isinstance(model, Interpolation)
    write_arpa(tmp_path / "model.arpa", model, TOKENS)
    theirs = kenlm.Model(str(tmp_path / "model.arpa"))
    assert theirs.order == order
    for _ in range(5):
        text = rng.integers(len(TOKENS), size=40)
        sentence = " ".join("stranger" if token == 0 else escape(TOKENS[token]) for token in text)
        scores = [score for score, _, _ in theirs.full_scores(sentence, bos=False, eos=False)]
        assert np.array(scores) * np.log(10) == pytest.approx(model.log_probabilities(text), abs=1e-5)
        assert theirs.score(sentence, bos=False, eos=False) == pytest.approx(sum(scores), abs=1e-4)
