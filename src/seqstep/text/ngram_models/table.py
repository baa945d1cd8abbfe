"""The models made of counts, by name: one more is one file, and one function and one line here.

Nothing is imported before a model is fitted, so that the names are known without NumPy.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from seqstep.errors import ConfigError
from seqstep.settings.spelling import nearest

if TYPE_CHECKING:
    import numpy as np

    from seqstep.text.ngram_models.ngram_model import NgramModel


def _uniform(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.uniform import Uniform

    return Uniform(vocab)


def _unigram(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.unigram import Unigram

    return Unigram(ids, vocab, end=end)


def _markov_chain(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.markov_chain import MarkovChain

    return MarkovChain(ids, vocab)


def _laplace_trigram(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.laplace import Laplace

    return Laplace(ids, vocab, end=end)


def _witten_bell(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.witten_bell import WittenBell

    return WittenBell(ids, vocab, order, end)


def _kneser_ney(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.kneser_ney import KneserNey

    return KneserNey(ids, vocab, order, end=end)


def _modified_kneser_ney(ids: "np.ndarray", vocab: int, order: int, end: int | None) -> "NgramModel":
    from seqstep.text.ngram_models.kneser_ney import KneserNey

    return KneserNey(ids, vocab, order, modified=True, end=end)


#: From a training text in indices, shape (tokens,), the vocabulary's size, an order and the token that ends
#: documents, if there are several, to a model; those of a fixed order pass over the one that is asked for.
MODELS: Mapping[str, Callable[["np.ndarray", int, int, int | None], "NgramModel"]] = {
    "uniform": _uniform,
    "unigram": _unigram,
    "markov_chain": _markov_chain,
    "laplace_trigram": _laplace_trigram,
    "witten_bell": _witten_bell,
    "kneser_ney": _kneser_ney,
    "modified_kneser_ney": _modified_kneser_ney,
}


def fit_counts(name: str, ids: "np.ndarray", vocab: int, order: int, end: int | None = None) -> "NgramModel":
    """Fit the model of a name.

    Args:
        name: a key of MODELS.
        ids: shape (tokens,), the training text in the vocabulary's indices.
        vocab: size of the vocabulary.
        order: length of the longest n-grams, for models of any order.
        end: the token that ends documents, if there are several; nothing is counted across it.

    Raises:
        ConfigError: there is no such model.
        TextError: the text is shorter than the order, or has a token outside the vocabulary.
    """
    if name not in MODELS:
        raise ConfigError(f"there is no model of counts {name!r}; {nearest(name, MODELS)}")
    return MODELS[name](ids, vocab, order, end)
