"""The models made of counts, by name: one more is one file and one line here."""

from collections.abc import Callable, Mapping

import numpy as np

from seqstep.errors import ConfigError
from seqstep.text.ngram_models.kneser_ney import KneserNey
from seqstep.text.ngram_models.laplace import Laplace
from seqstep.text.ngram_models.markov_chain import MarkovChain
from seqstep.text.ngram_models.predictor import Predictor
from seqstep.text.ngram_models.uniform import Uniform
from seqstep.text.ngram_models.unigram import Unigram
from seqstep.text.ngram_models.witten_bell import WittenBell

#: from a training text in indices, shape (tokens,), the vocabulary's size and an order
Fit = Callable[[np.ndarray, int, int], Predictor]

#: those of a fixed order pass over the one that is asked for
MODELS: Mapping[str, Fit] = {
    "uniform": lambda ids, vocab, order: Uniform(vocab),
    "unigram": lambda ids, vocab, order: Unigram(ids, vocab),
    "markov_chain": lambda ids, vocab, order: MarkovChain(ids, vocab),
    "laplace_trigram": lambda ids, vocab, order: Laplace(ids, vocab),
    "witten_bell": WittenBell,
    "kneser_ney": KneserNey,
    "modified_kneser_ney": lambda ids, vocab, order: KneserNey(ids, vocab, order, modified=True),
}


def fit_counts(name: str, ids: np.ndarray, vocab: int, order: int) -> Predictor:
    """Fit the model of a name.

    Args:
        name: a key of MODELS.
        ids: shape (tokens,), the training text in the vocabulary's indices.
        vocab: size of the vocabulary.
        order: length of the longest n-grams, for models of any order.

    Raises:
        ConfigError: there is no such model.
        TextError: the text is shorter than the order, or has a token outside the vocabulary.
    """
    if name not in MODELS:
        raise ConfigError(f"expected one of the models {', '.join(MODELS)}, got {name!r}")
    return MODELS[name](ids, vocab, order)
