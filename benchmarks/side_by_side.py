"""Two recurrent trainings at once on one thread each, against one after the other on two threads each."""

from threading import Thread

import numpy as np
import torch

from benchmarks.measuring import timed
from seqstep.models.language import LanguageModel
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.settings.config import RNNConfig
from seqstep.training.language import LanguageTraining

CLAIM = "both recurrent trainings, side by side against one after the other"

_VOCAB, _TOKENS, _EPOCHS = 28, 10_000, 10


def baseline() -> float:
    """Seconds for one training after the other, each on two threads."""
    return timed(lambda: [_train(kind, threads=2) for kind in (RNNScratch, RNNTorch)])


def ours() -> float:
    """Seconds for both trainings at once, each on one thread."""

    def both() -> None:
        threads = [Thread(target=_train, args=(kind, 1)) for kind in (RNNScratch, RNNTorch)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return timed(both)


def _train(kind: type[RNNScratch] | type[RNNTorch], threads: int) -> None:
    torch.set_num_threads(threads)
    config = RNNConfig(epochs=_EPOCHS)
    model: LanguageModel = kind(_VOCAB, config.hidden, generator=torch.Generator().manual_seed(0))
    ids = np.random.default_rng(0).integers(_VOCAB, size=_TOKENS)
    for _ in LanguageTraining(model, ids, config, seed=0).run():
        pass
