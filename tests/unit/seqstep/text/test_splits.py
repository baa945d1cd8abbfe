"""Parts of a text: where they lie, and that nothing leaks from the later ones into the earlier."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.metrics import mean_loss, perplexity
from seqstep.text.batches import random_batches, sequential_batches
from seqstep.text.cleaning import clean_lines
from seqstep.text.ngram_models.witten_bell import WittenBell
from seqstep.text.splits import (
    DividedText,
    Split,
    cut,
    divide,
    split_by_length,
    split_by_share,
)
from seqstep.text.tokens import Tokens, tokenize
from seqstep.text.vocab import Vocab

WORDS = st.lists(st.sampled_from("abcdefg"), min_size=3, max_size=60)


def words(text: str) -> Tokens:
    return tokenize([text], "word")


@given(st.integers(10, 500), st.floats(0, 0.4), st.floats(0.1, 0.4))
def test_the_parts_touch_in_order_and_cover_the_text(tokens: int, valid: float, test: float) -> None:
    split = split_by_share(tokens, valid, test)
    ids = np.arange(tokens)
    parts = [ids[split.train], ids[split.valid], ids[split.test]]
    assert np.concatenate(parts).tolist() == ids.tolist()
    assert len(parts[1]) == round(tokens * valid) and len(parts[2]) == round(tokens * test)
    assert split == split_by_length(tokens, *map(len, parts))


@pytest.mark.parametrize("batches", [random_batches, sequential_batches])
@given(st.integers(0, 1000))
def test_no_window_crosses_a_border(batches: Callable[..., object], seed: int) -> None:
    ids, split = np.arange(400), Split(200, 280, 400)
    for part in (split.train, split.valid, split.test):
        rng, seen = np.random.default_rng(seed), []
        for inputs, labels in batches(ids[part], 3, 5, rng):
            assert (labels == inputs + 1).all()
            seen += [inputs.min(), labels.max()]
        assert part.start <= min(seen) and max(seen) < part.stop


@given(WORDS, WORDS, WORDS, st.integers(0, 2))
def test_what_comes_later_does_not_shape_the_vocabulary_or_the_training_part(
    train: list[str], later: list[str], other: list[str], min_freq: int
) -> None:
    train += ["a", "a"]
    parts = [
        divide(words(" ".join([*train, *rest])), Split(len(train), len(train) + 1, len(train) + 3), min_freq)
        for rest in (later, other)
    ]
    vocab = Vocab.of(words(" ".join(train)), min_freq)
    for part in parts:
        assert part.vocab.frequencies == vocab.frequencies and part.vocab.tokens == vocab.tokens
        assert part.train.ids.tolist() == vocab.encode(words(" ".join(train))).tolist()


@given(WORDS, WORDS)
def test_tokens_that_the_training_part_lacks_are_unknown_and_counted(
    train: list[str], test: list[str]
) -> None:
    text = divide(words(" ".join([*train, *test])), Split(len(train), len(train), len(train) + len(test)))
    strange = [word not in train for word in test]
    assert (text.test.ids == Vocab.unknown).tolist() == strange
    assert text.test.unknown_share() == pytest.approx(np.mean(strange))
    assert text.train.unknown_share() == 0
    assert np.isnan(text.valid.unknown_share())
    kept = [word for word in test if word in train]
    assert text.vocab.to_tokens(text.test.ids[~np.array(strange)].tolist()) == kept


def figure(text: DividedText) -> float:
    model = WittenBell(text.train.ids, len(text.vocab), 2)
    return perplexity(mean_loss(model.log_probabilities(text.test.ids, text.before_test)))


def test_a_vocabulary_of_the_whole_text_would_give_a_better_figure_and_is_not_used() -> None:
    # Each of these pairs occurs once to train on, so that min_freq=2 makes its first word unknown; in the
    # test part they come again. Who counts there as well knows them, and what follows each.
    pairs = [f"{first}{first} {second}" for first, second in zip("pqrstu", "abcdef", strict=True)]
    text = words(" ".join([*pairs, *["a b c d e f"] * 3, *pairs * 2]))
    split = split_by_length(len(text), 30, 0, 24)
    ours = divide(text, split, min_freq=2)
    leaking = Vocab.of(text, min_freq=2)
    parts = [ours.train._replace(ids=leaking.encode(text)[where]) for where in (split.train, split.test)]
    theirs = DividedText(leaking, parts[0], ours.valid, parts[1])
    assert ours.test.unknown_share() == 1 / 2 and theirs.test.unknown_share() == 0
    assert figure(theirs) < 0.9 * figure(ours)


def test_characters_of_a_part_count_the_space_after_each_word() -> None:
    text = divide(words("a bee sees six bees"), Split(2, 3, 5))
    assert [text.train.chars, text.valid.chars, text.test.chars] == [6, 5, 9]
    assert text.before_test.tolist() == [1, 2, 0]


def test_a_part_on_its_own_has_the_types_that_occur_there_in_their_order() -> None:
    part = cut(words("d c b a b c b"), slice(2, 6))
    assert part.types == ("b", "a", "c") and part.ids.tolist() == [0, 1, 0, 2]
    assert part.kind == "word"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: split_by_length(10, 8, 0, 3), "at most the 10 of the text, got 8 [+] 0 [+] 3; take"),
        (lambda: split_by_length(10, 8, -1, 3), "parts of 0 or more tokens"),
        (lambda: split_by_length(10, 0, 5, 5), "at least 1 tokens in the training part, got 0"),
        (lambda: split_by_length(10, 5, 5, 0), "at least 1 tokens in the test part, got 0 .tokens 10 to 10"),
        (lambda: split_by_share(10, 0.5, 0.5), "at least 1 tokens in the training part"),
        (lambda: split_by_share(10, 0.1, 0.01), "at least 1 tokens in the test part"),
        (lambda: split_by_share(10, 0.6, 0.6), "together at most 1, got 0.6 and 0.6"),
        (lambda: split_by_share(10, float("nan"), 0.1), "together at most 1"),
        (lambda: Split(5, 6, 8).check(train=6), "at least 6 tokens in the training part, got 5"),
        (lambda: Split(5, 6, 8).check(valid=2), "at least 2 tokens in the validation part, got 1"),
        (lambda: divide(words("a b c"), Split(1, 2, 4)), "at least 4 tokens, got 3"),
    ],
)
def test_splits_that_do_not_fit_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TextError, match=message):
        make()


@pytest.mark.parametrize("lengths", [(9_500, 500, 5_000), (145_846, 7_676, 17_058)])
def test_the_notes_text_has_no_unknown_characters_after_its_start_and_at_its_end(
    corpus_path: Path, lengths: tuple[int, int, int]
) -> None:
    tokens = tokenize(clean_lines(corpus_path), "char")
    text = divide(tokens, split_by_length(len(tokens), *lengths))
    assert text.valid.unknown_share() == text.test.unknown_share() == 0
    assert len(text.vocab) == 28 and text.split == split_by_length(len(tokens), *lengths)
    assert tuple(len(part.ids) for part in (text.train, text.valid, text.test)) == lengths
