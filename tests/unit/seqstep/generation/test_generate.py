import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqstep.errors import TextError
from seqstep.generation.generate import continue_text, generate
from seqstep.models.language import LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.text.codec import Codec
from seqstep.text.vocab import Vocab

LETTERS = Vocab([(letter, 1) for letter in "time rav"])
CHARS = Codec(LETTERS, "char", "ascii_letters")
WORDS = Codec(Vocab([("time", 3), ("traveller", 2), ("The", 1)]), "word", "ascii_letters")
prefixes = st.lists(st.integers(0, len(LETTERS) - 1), min_size=1, max_size=5)
seeds = st.integers(0, 2**63 - 1)


def lively(model: LanguageModel) -> LanguageModel:
    """Weights from N(0, 1), so that every token leaves its mark."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return model


SCRATCH = lively(RNNScratch(len(LETTERS), 16))
every_model = pytest.mark.parametrize(
    "model",
    [SCRATCH, lively(RNNTorch(len(LETTERS), 16, "gru", 2)), lively(RNNTorch(len(LETTERS), 16, "lstm"))],
)


def biased(probabilities: list[float]) -> RNNScratch:
    """A model that gives the same probabilities after every token."""
    model = RNNScratch(len(probabilities), 2)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    model.b_q.data = torch.tensor(probabilities).log()
    return model


FLAT = biased([1 / len(LETTERS)] * len(LETTERS))


def notes_predict(prefix: str, num_preds: int, net: LanguageModel, vocab: Vocab) -> str:
    """The notes' `predict`."""
    state = net.begin_state(1)
    outputs = [vocab[prefix[0]]]
    for y in prefix[1:]:  # warm-up period
        _, state = net(torch.tensor([[outputs[-1]]]), state)
        outputs.append(vocab[y])
    for _ in range(num_preds):
        y, state = net(torch.tensor([[outputs[-1]]]), state)
        outputs.append(int(y[0].argmax(dim=1)))
    return "".join(vocab.tokens[i] for i in outputs)


@every_model
@pytest.mark.parametrize("prefix", ["time traveller", "t", "a time machine"])
def test_greedy_text_equals_the_notes_predict(model: LanguageModel, prefix: str) -> None:
    assert continue_text(model, CHARS, prefix, 40) == notes_predict(prefix, 40, model, LETTERS)


@settings(deadline=None, max_examples=20)
@given(prefix=prefixes, seed=seeds, top_k=st.none() | st.integers(1, 20))
def test_temperature_0_and_top_k_1_are_greedy_whatever_the_seed(
    prefix: list[int], seed: int, top_k: int | None
) -> None:
    for model in (SCRATCH, FLAT):
        greedy = generate(model, prefix, 12)
        assert generate(model, prefix, 12, 0.0, top_k, seed) == greedy
        assert generate(model, prefix, 12, 1.5, 1, seed) == greedy


@settings(deadline=None, max_examples=20)
@given(temperature=st.floats(min_value=0, max_value=1e-4), seed=seeds, prefix=prefixes)
def test_a_temperature_close_to_0_comes_to_the_most_likely_token(
    temperature: float, seed: int, prefix: list[int]
) -> None:
    assert generate(SCRATCH, prefix, 8, temperature, seed=seed) == generate(SCRATCH, prefix, 8)


def test_the_same_seed_gives_the_same_text_and_another_seed_another() -> None:
    before = torch.get_rng_state()
    texts = [generate(FLAT, [1], 30, 1.0, seed=seed) for seed in (0, 0, 1)]
    assert torch.equal(torch.get_rng_state(), before)
    assert texts[0] == texts[1] != texts[2]


@settings(deadline=None, max_examples=30)
@given(
    prefix=prefixes,
    top_k=st.integers(1, 12),
    temperature=st.floats(0.1, 1e3) | st.just(math.inf),
    seed=seeds,
)
def test_top_k_draws_among_the_k_most_likely_tokens_only(
    prefix: list[int], top_k: int, temperature: float, seed: int
) -> None:
    new = generate(SCRATCH, prefix, 10, temperature, top_k, seed)
    logits, _ = SCRATCH(torch.tensor([prefix + new]), SCRATCH.begin_state(1))
    for token, scores in zip(new, logits[0, len(prefix) - 1 :], strict=False):
        assert (scores > scores[token] + 1e-4).sum() < top_k
    assert len(set(generate(FLAT, prefix, 60, temperature, top_k, seed))) <= top_k  # all are as likely


@pytest.mark.first_quick
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, math.inf])
@pytest.mark.parametrize("top_k", [None, 2])
def test_draws_follow_the_distribution_at_its_temperature(temperature: float, top_k: int | None) -> None:
    probabilities = [0.1, 0.6, 0.3]
    weights = [p ** (1 / temperature) for p in probabilities]
    if top_k:
        weights[0] = 0
    counts = Counter(generate(biased(probabilities), [0], 3000, temperature, top_k))
    for token, weight in enumerate(weights):
        assert counts[token] / 3000 == pytest.approx(weight / sum(weights), abs=0.04)
    assert counts[0] > 0 or top_k


@pytest.mark.parametrize(
    "prefix, length, temperature, top_k",
    [
        ([], 5, 0.0, None),
        ([1], -1, 0.0, None),
        ([1], 5, -0.1, None),
        ([1], 5, math.nan, None),
        ([1], 5, 1.0, 0),
        ([1], 5, 0.0, -3),
    ],
)
def test_a_request_that_makes_no_sense_is_an_error(
    prefix: list[int], length: int, temperature: float, top_k: int | None
) -> None:
    with pytest.raises(TextError, match=r"expected a prefix of at least one token.*got \d+ tokens, -?\d+, "):
        generate(SCRATCH, prefix, length, temperature, top_k)


@pytest.mark.parametrize("codec, prefix", [(CHARS, ""), (WORDS, ""), (WORDS, "  ")])
def test_an_empty_prefix_is_an_error(codec: Codec, prefix: str) -> None:
    with pytest.raises(TextError, match="at least one"):
        continue_text(SCRATCH, codec, prefix, 5)


@pytest.mark.parametrize(
    "codec, prefix, read",
    [
        (CHARS, "time", "time"),
        (CHARS, "Time!", "time "),
        (CHARS, "timé z", "tim <unk>"),
        (WORDS, "Time  traveller", "time traveller"),
        (WORDS, "the TIME", "<unk> time"),
        (Codec(WORDS.vocab, "word", "none"), "The Time", "The <unk>"),
    ],
)
def test_the_text_begins_with_the_prefix_as_the_model_reads_it(codec: Codec, prefix: str, read: str) -> None:
    model = lively(RNNScratch(len(codec.vocab), 4))
    assert continue_text(model, codec, prefix, 0) == read
    glue = "" if codec.kind == "char" else " "
    expected = codec.decode(generate(model, codec.encode(prefix), 5))
    assert continue_text(model, codec, prefix, 5) == read + glue + expected


def test_continue_text_hands_on_how_to_draw() -> None:
    drawn = generate(FLAT, CHARS.encode("time"), 20, 0.7, 3, 11)
    assert continue_text(FLAT, CHARS, "time", 20, 0.7, 3, 11) == "time" + CHARS.decode(drawn)
