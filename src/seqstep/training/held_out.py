"""Training a language model for text that it will not see: stopped and chosen by a validation part."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from seqstep.metrics import mean_loss, perplexity
from seqstep.models.language import detach
from seqstep.models.precision import precision_name
from seqstep.models.regularised import Dropout, RegularisedRNN
from seqstep.models.scoring import log_probabilities
from seqstep.settings.config import HeldOutConfig
from seqstep.text.batches import Batch, sequential_batches
from seqstep.text.document_windows import IGNORED, DocumentWindows
from seqstep.training.forecaster import check_finite
from seqstep.training.resumable import ResumableTraining
from seqstep.training.step_sizes import make_optimizer, make_schedule
from seqstep.training.teaching import taught_probabilities

#: tokens of the training part that are read before the validation part, to warm the state up
_CONTEXT = 1000
#: what to make smaller where a training diverges
_SETTINGS = "held_out.learning_rate or held_out.clip"
_AVERAGE, _BEST, _SCHEDULE = "average.", "best.", "schedule"


class HeldOutEpoch(NamedTuple):
    """What one epoch came to.

    Attributes:
        epoch: 1, 2, 3, …
        loss: mean negative log-probability per token of the training part, with dropout, in nats.
        perplexity: exp(loss).
        valid_perplexity: of the validation part, at the latest validation.
        learning_rate: of this epoch.
        tokens_per_s: tokens trained on per second of wall time, without validation.
        seconds: wall time, with validation.
    """

    epoch: int
    loss: float
    perplexity: float
    valid_perplexity: float
    learning_rate: float
    tokens_per_s: float
    seconds: float


class HeldOutTraining(ResumableTraining[RegularisedRNN, HeldOutEpoch]):
    """Trains a model in place, and keeps the weights that were best on the validation part.

    The first epoch is validated, then every `validate_every`-th after it, and the last. What is dropped
    follows from a number that is drawn for each epoch, so a saved training holds no state of these dice.
    Minibatches carry the state on; those of a text of documents are windows on these, each from zeros.

    Args:
        model: on the device where it is trained.
        train: the training part in the vocabulary's indices, shape (tokens,).
        valid: the validation part, which follows at once, shape (tokens,).
        config: all but the network's size.
        seed: of the minibatches' offsets or order, and of what is dropped.
        end: the token that ends documents, if there are several.

    Attributes:
        best: the weights of the best validation, by name; none before the first.

    Raises:
        TextError: in an epoch; the training part does not fill a minibatch.
        DivergenceError: in an epoch; the loss, or the validation part's perplexity, is no number any more.
    """

    section = "held_out"
    row = HeldOutEpoch
    speeds = ("tokens_per_s", "seconds")

    def __init__(
        self,
        model: RegularisedRNN,
        train: np.ndarray,
        valid: np.ndarray,
        config: HeldOutConfig,
        seed: int,
        end: int | None = None,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        model.products = torch.bfloat16 if precision_name(config.precision) == "bfloat16" else None
        model.dropout = Dropout(
            config.dropout_input, config.dropout_between, config.dropout_output, config.dropout_recurrent
        )
        optimizer = make_optimizer(config, model.parameters())
        super().__init__(model, optimizer, self._rng, config.epochs)
        self._schedule = make_schedule(config, optimizer)
        self._train, self._valid, self._config, self._end = train, valid, config, end
        self._windows = None if end is None else DocumentWindows(train, end, config.steps)
        self._ids = torch.tensor(train, dtype=torch.int64, device=model.device)
        self._taught: Tensor | None = None
        if config.teaching:
            taught = taught_probabilities(train, model.vocab, config.teaching_order, end)
            self._taught = torch.from_numpy(taught).to(model.device)
        self._average = _copied(model.state_dict())
        self.best: dict[str, Tensor] = {}

    @property
    def best_epoch(self) -> int:
        """The epoch of the best validation, the first of equally good ones; 0 before the first."""
        seen = self._validations()
        return min(seen, key=lambda row: row.valid_perplexity).epoch if seen else 0

    def is_over(self) -> bool:
        """Tell whether `patience` validations in a row brought nothing better."""
        since = sum(row.epoch > self.best_epoch for row in self._validations())
        return 0 < self._config.patience <= since

    def result(self) -> dict[str, float]:
        """Name what came out: the best validation, its epoch and the epochs that were trained."""
        best = self.history[self.best_epoch - 1].valid_perplexity
        return {
            "valid/best_perplexity": best,
            "valid/best_epoch": self.best_epoch,
            "train/epochs": len(self.history),
        }

    def seconds(self) -> float:
        """Wall time of all epochs, also of those that another process trained."""
        return sum(row.seconds for row in self.history)

    def finish(self) -> None:
        """Put the weights of the best validation into the model."""
        self.model.load_state_dict(self.best)

    def _validations(self) -> list[HeldOutEpoch]:
        return [row for row in self.history if self._is_due(row.epoch)]

    def _is_due(self, epoch: int) -> bool:
        return (epoch - 1) % self._config.validate_every == 0 or epoch == self.epochs

    def _train_epoch(self, epoch: int) -> HeldOutEpoch:
        rate = self._schedule.rate
        start = time.perf_counter()
        loss, tokens = self._walk_text()
        seconds = time.perf_counter() - start
        check_finite(loss, epoch, _SETTINGS)
        figure = self._validate() if self._is_due(epoch) else self.history[-1].valid_perplexity
        # The last step shows here alone.
        check_finite(figure, epoch, _SETTINGS)
        self._schedule.step(figure, validated=self._is_due(epoch))
        whole = time.perf_counter() - start
        return HeldOutEpoch(epoch, loss, perplexity(loss), figure, rate, tokens / seconds, whole)

    def _walk_text(self) -> tuple[float, int]:
        """Go once over the training part; return the mean loss per token, in nats, and the tokens."""
        model, config, device = self.model, self._config, self.model.device
        model.dice = torch.Generator(device).manual_seed(int(self._rng.integers(2**62)))
        model.train()
        state = model.begin_state(config.batch)
        total, tokens = torch.zeros((), device=device), 0
        for inputs, places in self._draw():
            if self._windows:
                state = model.begin_state(config.batch)
            read, following = (torch.tensor(it, dtype=torch.int64, device=device) for it in (inputs, places))
            logits, after = model(read, state)
            real = following.flatten() != IGNORED if self._windows else slice(None)
            loss, goal = self._losses(logits.flatten(0, 1)[real], following.flatten()[real])
            model.zero_grad()
            goal.backward()
            nn.utils.clip_grad_norm_(model.parameters(), config.clip)
            self.optimizer.step()
            self._update_average()
            state = detach(after)
            count = int(np.count_nonzero(places != IGNORED))
            total += loss.detach() * count
            tokens += count
        return total.item() / tokens, tokens

    def _draw(self) -> Iterator[Batch]:
        """Deal out the inputs of minibatches, and where the token after each stands in the training part."""
        batch, steps = self._config.batch, self._config.steps
        if self._windows:
            for places in self._windows.deal(batch, self._rng, self.section):
                yield self._windows.read(places)[0], places
        else:
            every = np.arange(len(self._train))
            for inputs, places in sequential_batches(every, batch, steps, self._rng, self.section):
                yield self._train[inputs], places

    def _losses(self, logits: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Find the mean loss of the tokens at some places, and what is to become less instead of it."""
        loss = nn.functional.cross_entropy(logits, self._ids[places])
        if self._taught is None:
            return loss, loss
        return loss, loss.lerp(
            nn.functional.cross_entropy(logits, self._taught[places]), self._config.teaching
        )

    def _update_average(self) -> None:
        if self._config.averaging:
            for name, weight in self.model.state_dict().items():
                self._average[name].lerp_(weight, 1 - self._config.averaging)

    def _validate(self) -> float:
        """Find the perplexity of the validation part; keep the weights if it is the best so far."""
        own = _copied(self.model.state_dict())
        if self._config.averaging:
            self.model.load_state_dict(self._average)
        context = self._train[-_CONTEXT:]
        scores = log_probabilities(self.model.eval(), np.concatenate([context, self._valid]), self._end)
        figure = perplexity(mean_loss(scores[-len(self._valid) :]))
        if not self.best or figure < min(row.valid_perplexity for row in self._validations()):
            self.best = _copied(self.model.state_dict())
        self.model.load_state_dict(own)
        return figure

    def _more_state(self) -> dict[str, Any]:
        best = {_BEST + name: weight for name, weight in self.best.items()}
        average = {_AVERAGE + name: weight for name, weight in self._average.items()}
        return best | average | {_SCHEDULE: self._schedule.state()}

    def _restore_more(self, state: Mapping[str, Any]) -> None:
        self._average = _part(state, _AVERAGE, self.model.device)
        self.best = _part(state, _BEST, self.model.device)
        self._schedule.restore(state[_SCHEDULE])


def _part(state: Mapping[str, Any], prefix: str, device: torch.device) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value.to(device)
        for name, value in state.items()
        if name.startswith(prefix)
    }


def _copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in weights.items()}
