"""Models of documents against those that read sentence by sentence: NLTK's, and kenlm's by definition."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.lm import KneserNeyInterpolated, Vocabulary, WittenBellInterpolated
from nltk.lm.api import LanguageModel
from nltk.util import everygrams

from seqstep.text.ngram_models.drawing import draw
from seqstep.text.ngram_models.kneser_ney import Discounts, KneserNey
from seqstep.text.ngram_models.trie_model import Interpolation
from seqstep.text.ngram_models.witten_bell import WittenBell

END, VOCAB = 1, 5
SENTENCES = st.lists(st.lists(st.integers(2, 4), min_size=3, max_size=6), min_size=2, max_size=8)
CONTEXTS = st.lists(st.integers(2, 4), max_size=2)
Gram = tuple[int, ...]


def joined(sentences: list[list[int]]) -> np.ndarray:
    return np.array([END, *(token for sentence in sentences for token in (*sentence, END))])


def spelled(token: int, is_first: bool = False) -> str:
    return ("<s>" if is_first else "</s>") if token == END else str(token)


def fitted(theirs: LanguageModel, sentences: list[list[int]], order: int) -> LanguageModel:
    texts = [["<s>", *map(str, sentence), "</s>"] for sentence in sentences]
    theirs.fit([list(everygrams(text, max_len=order)) for text in texts])
    return theirs


def assert_equal(ours: Interpolation, theirs: LanguageModel, contexts: list[list[int]]) -> None:
    """Compare after NLTK's own first order, which does not end in the uniform distribution."""
    every = range(VOCAB)
    first = [theirs.score(spelled(token)) for token in every]
    ours.direct[0], ours.weights[0] = np.array([*first, 0.0]), np.array([0.0, 1.0])
    for context in contexts:
        near = context[max(0, len(context) - ours.order + 1) :]
        words = [spelled(token, is_first=True) for token in near]
        expected = [theirs.score(spelled(token), words) for token in every]
        assert ours.probabilities(near) == pytest.approx(expected)


def vocabulary() -> Vocabulary:
    return Vocabulary(["<s>", "</s>", "0", "2", "3", "4"], unk_cutoff=1)


@pytest.mark.parametrize("order", [2, 3])
@settings(max_examples=25)
@given(SENTENCES, CONTEXTS)
def test_witten_bell_equals_nltks_sentence_by_sentence(
    order: int, sentences: list[list[int]], context: list[int]
) -> None:
    theirs = fitted(WittenBellInterpolated(order, vocabulary=vocabulary()), sentences, order)
    ours = WittenBell(joined(sentences), VOCAB, order, END)
    assert_equal(ours, theirs, [[END], [END, *context[:1]], sentences[0][:2]])


@settings(max_examples=25)
@given(SENTENCES, st.floats(0.05, 1))
def test_kneser_ney_of_pairs_equals_nltks_sentence_by_sentence(
    sentences: list[list[int]], discount: float
) -> None:
    theirs = fitted(KneserNeyInterpolated(2, discount=discount, vocabulary=vocabulary()), sentences, 2)
    given_discounts = (Discounts(*[discount] * 3),) * 2
    ours = KneserNey(joined(sentences), VOCAB, 2, end=END, discounts=given_discounts)
    assert_equal(ours, theirs, [[END], sentences[0][:1], sentences[1][-1:]])


def adjusted(sentences: list[list[int]], n: int, order: int) -> Counter[Gram]:
    """Count as kenlm: of the longest and of what begins a sentence occurrences, of others what precedes."""
    texts = [(0, *sentence, END) for sentence in sentences]  # 0 begins a sentence, and is never predicted
    grams = Counter(text[i : i + n] for text in texts for i in range(len(text) - n + 1))
    if n < order:
        longer = {text[i : i + n + 1] for text in texts for i in range(len(text) - n)}
        before = Counter(gram[1:] for gram in longer)
        grams = Counter({gram: grams[gram] if gram[0] == 0 else before[gram] for gram in grams})
    return Counter({gram: count for gram, count in grams.items() if gram != (0,)})


def by_definition(
    sentences: list[list[int]], context: Gram, token: int, order: int, discount: float
) -> float:
    """Interpolate Kneser–Ney with one discount by its formula."""
    result = 1 / VOCAB
    for n in range(1, order + 1):
        near = context[len(context) - n + 1 :] if n > 1 else ()
        if len(near) < n - 1:
            break
        after: dict[int, int] = defaultdict(int)
        for gram, count in adjusted(sentences, n, order).items():
            if gram[:-1] == near:
                after[gram[-1]] = count
        total = sum(after.values())
        if total:
            kept = max(after[token] - discount, 0) / total
            result = kept + discount * sum(count > 0 for count in after.values()) / total * result
    return result


@settings(max_examples=15)
@given(SENTENCES, CONTEXTS, st.floats(0.1, 0.9))
def test_kneser_ney_counts_what_begins_a_sentence_as_kenlm_does(
    sentences: list[list[int]], inside: list[int], discount: float
) -> None:
    given_discounts = (Discounts(*[discount] * 3),) * 3
    ours = KneserNey(joined(sentences), VOCAB, 3, end=END, discounts=given_discounts)
    for context in ([END], [END, *inside[:1]], inside, sentences[0][:2]):
        theirs = tuple(0 if token == END else token for token in context)
        expected = [by_definition(sentences, theirs[-2:], token, 3, discount) for token in range(VOCAB)]
        assert ours.probabilities(context) == pytest.approx(expected)


def test_what_is_drawn_stops_before_the_end_of_a_document() -> None:
    model = WittenBell(joined([[2, 3], [2, 3], [2, 3]]), VOCAB, 3, END)
    assert draw(model, [END], 9, end=END) == [2, 3]
    assert draw(model, [END], 9)[:4] == [2, 3, END, 2]
