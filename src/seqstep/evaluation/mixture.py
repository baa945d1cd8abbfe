"""Networks for unseen text, alone and together, beside models of counts, and the best of both mixed.

All have the vocabulary of the training part and are scored on the test part, each token once after all that
came before it. Only the training part changes weights; the validation part stopped the trainings, and
chooses the network that is mixed and how much of it.
"""

import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from seqstep.evaluation.language import ScoredModel
from seqstep.metrics import mean_loss
from seqstep.models.language import LanguageModel
from seqstep.models.networks import MIXTURE, TOGETHER
from seqstep.models.scoring import log_probabilities
from seqstep.text.ngram_models.table import fit_counts
from seqstep.text.splits import DividedText

#: the model of counts that a network is mixed with
PARTNER = "modified_kneser_ney"
_WEIGHTS = np.linspace(0, 1, 101)


class ScoredNetwork(NamedTuple):
    """A network's entry, with what the mixture is chosen by.

    Attributes:
        valid: log-probabilities of the validation part, natural logarithms, shape (tokens,).
    """

    entry: ScoredModel
    valid: np.ndarray


class Mixture(NamedTuple):
    """The mixture's entry, and what it is of.

    Attributes:
        network: the entry of the network in it.
        share: of the network, 0 to 1; the rest is the model of counts.
    """

    entry: ScoredModel
    network: str
    share: float

    @property
    def member(self) -> str:
        """The model that it is, if all of it is one; empty if it is a mixture indeed."""
        return {0.0: PARTNER, 1.0: self.network}.get(self.share, "")

    @property
    def in_words(self) -> str:
        """Say what it is of."""
        if self.member:
            return f"the mixture is {self.member} alone, as is best on the validation part"
        return (
            f"the mixture is {self.share:.0%} of {self.network} and the rest of {PARTNER}, as is best on the"
            " validation part"
        )

    def figures(self, named: Mapping[str, float]) -> dict[str, float]:
        """Name its figures too where it is one of the models, and so has none of its own.

        Args:
            named: from `named_figures`.
        """
        start = f"{self.member}/"
        own = {name.removeprefix(start): value for name, value in named.items() if name.startswith(start)}
        return {f"{MIXTURE}/network_share": self.share} | {
            f"{MIXTURE}/{name}": value for name, value in own.items()
        }


def score_networks(models: Mapping[str, LanguageModel], parts: DividedText) -> list[ScoredNetwork]:
    """Let networks read the whole text and score every token of it, each alone and, if several, together.

    Args:
        models: by the names of their entries.
    """
    ids = np.concatenate([parts.train.ids, parts.valid.ids, parts.test.ids])
    ends = np.cumsum([len(parts.train.ids) - 1, len(parts.valid.ids)])
    entered = []
    for name, model in models.items():
        start = time.perf_counter()
        train, valid, test = np.split(log_probabilities(model, ids, parts.vocab.end), ends)
        parameters = sum(weight.numel() for weight in model.parameters())
        entered.append(
            ScoredNetwork(ScoredModel(name, train, test, parameters, time.perf_counter() - start), valid)
        )
    return [*entered, score_together(entered)] if len(entered) > 1 else entered


def score_together(networks: list[ScoredNetwork]) -> ScoredNetwork:
    """Let networks predict together, each with an equal say: one errs where another does not.

    Args:
        networks: two or more that read the same text.
    """
    start = time.perf_counter()
    train = together([network.entry.train for network in networks])
    test = together([network.entry.test for network in networks])
    parameters = sum(network.entry.parameters for network in networks)
    valid = together([network.valid for network in networks])
    return ScoredNetwork(ScoredModel(TOGETHER, train, test, parameters, time.perf_counter() - start), valid)


def together(scores: list[np.ndarray]) -> np.ndarray:
    """Log-probabilities under the mean of several models' probabilities.

    Args:
        scores: of the same tokens by each model, natural logarithms, each of shape (tokens,).
    """
    return np.asarray(np.logaddexp.reduce(scores, axis=0) - np.log(len(scores)))


def score_mixture(networks: list[ScoredNetwork], counts: list[ScoredModel], parts: DividedText) -> Mixture:
    """Mix the network that is best on the validation part with `PARTNER`, as much of each as is best there.

    There the counts are of the training part; on the test part they are of all that is before it, as the
    partner's own entry.
    """
    start = time.perf_counter()
    network, valid = min(networks, key=lambda network: mean_loss(network.valid))
    partner = next(entry for entry in counts if entry.model == PARTNER)
    known = parts.train.ids
    model = fit_counts(PARTNER, known, len(parts.vocab), partner.order or 1, parts.vocab.end)
    share = best_share(valid, model.log_probabilities(parts.valid.ids, before=known))
    # The first token of a text has a probability by counts alone.
    train = mixed(network.train, partner.train[1 : len(known)], share)
    test = mixed(network.test, partner.test, share)
    parameters = network.parameters + partner.parameters
    seconds = time.perf_counter() - start
    return Mixture(
        ScoredModel(MIXTURE, train, test, parameters, seconds, partner.order), network.model, share
    )


def best_share(first: np.ndarray, second: np.ndarray) -> float:
    """Find which share of a first model, in hundredths, makes a text most likely when mixed with a second.

    Args:
        first, second: log-probabilities of the same tokens, natural logarithms, shape (tokens,).
    """
    losses = [mean_loss(mixed(first, second, share)) for share in _WEIGHTS]
    return float(_WEIGHTS[int(np.argmin(losses))])


def mixed(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Log-probabilities under λ p + (1 − λ) q.

    Args:
        first, second: log p and log q of the same tokens, natural logarithms, shape (tokens,).
        share: λ, 0 to 1.
    """
    with np.errstate(divide="ignore"):
        return np.logaddexp(np.log(share) + first, np.log1p(-share) + second)
