"""A trained model as two files: weights as safetensors, and all else that it needs as JSON.

Nothing is pickled, so loading a model runs no code of whoever saved it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal, TypedDict, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from seqstep.errors import ModelError
from seqstep.models.language import LanguageModel
from seqstep.models.mlp import MLP
from seqstep.models.regularised import RegularisedRNN
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.series.continuation import SeriesFacts
from seqstep.series.scaling import Scaling
from seqstep.settings.config import Cell, Clean, Documents, LineEnds, Locale, TextConfig, TokenKind
from seqstep.text.codec import Codec
from seqstep.text.vocab import Vocab

WEIGHTS, SPEC = "weights.safetensors", "model.json"

Model = TypeVar("Model", bound=nn.Module)


class Spec(BaseModel, ABC):
    """What a model needs besides its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def build(self, generator: torch.Generator | None = None) -> nn.Module:
        """Make the network with fresh weights."""


class MLPSpec(Spec):
    """What an MLP needs besides its weights: its sizes, how values are scaled, and what it was trained on.

    Models of older releases do not say the last.
    """

    model: Literal["mlp"] = "mlp"
    window: PositiveInt
    hidden: PositiveInt
    scaling: Scaling
    series: SeriesFacts | None = None

    def build(self, generator: torch.Generator | None = None) -> MLP:
        """Make the network with fresh weights."""
        return MLP(self.window, self.hidden, generator)


class Reading(TypedDict):
    """How a text was read; see `Codec`."""

    clean: Clean
    lines: LineEnds
    documents: Documents
    locale: Locale


def reading_of(text: TextConfig) -> Reading:
    """Take from the settings how a text is read."""
    return Reading(clean=text.clean, lines=text.line_ends, documents=text.documents, locale=text.locale)


class LanguageSpec(Spec):
    """What every language model needs besides its weights: its size, and how texts are read.

    Models of older releases joined lines, and knew neither documents nor locales.
    """

    hidden: PositiveInt
    tokens: TokenKind
    clean: Clean
    lines: LineEnds = "join"
    documents: Documents = "none"
    locale: Locale = ""
    vocab: str  # JSON

    @abstractmethod
    def build(self, generator: torch.Generator | None = None) -> LanguageModel:
        """Make the network with fresh weights."""

    def codec(self) -> Codec:
        """Make what turns a user's text into indices and back."""
        return Codec(
            Vocab.from_json(self.vocab), self.tokens, self.clean, self.lines, self.documents, self.locale
        )


class RNNScratchSpec(LanguageSpec):
    """What the recurrent network from scratch needs besides its weights."""

    model: Literal["rnn_scratch"] = "rnn_scratch"

    def build(self, generator: torch.Generator | None = None) -> RNNScratch:
        """Make the network with fresh weights."""
        return RNNScratch(len(Vocab.from_json(self.vocab)), self.hidden, generator)


class RNNTorchSpec(LanguageSpec):
    """What the network around the library's layer needs besides its weights."""

    model: Literal["rnn"] = "rnn"
    cell: Cell
    layers: PositiveInt
    bidirectional: bool = False

    def build(self, generator: torch.Generator | None = None) -> RNNTorch:
        """Make the network with fresh weights."""
        size = len(Vocab.from_json(self.vocab))
        return RNNTorch(size, self.hidden, self.cell, self.layers, self.bidirectional, generator)


class RegularisedSpec(LanguageSpec):
    """What a network for unseen text needs besides its weights."""

    model: Literal["regularised"] = "regularised"
    network: str
    layers: PositiveInt

    def build(self, generator: torch.Generator | None = None) -> RegularisedRNN:
        """Make the network with fresh weights."""
        return RegularisedRNN(
            len(Vocab.from_json(self.vocab)), self.hidden, self.network, self.layers, generator
        )


_LANGUAGE: TypeAdapter[RNNScratchSpec | RNNTorchSpec | RegularisedSpec] = TypeAdapter(
    Annotated[RNNScratchSpec | RNNTorchSpec | RegularisedSpec, Field(discriminator="model")]
)


def save(model: nn.Module, spec: Spec, folder: Path) -> tuple[Path, Path]:
    """Write a model into an existing folder.

    Returns:
        the file of the weights and that of the specification. The same model gives the same bytes.
    """
    weights, description = folder / WEIGHTS, folder / SPEC
    save_file({name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}, weights)
    # With `model_dump` a training would count as reading every setting that it is given.
    fields = TypeAdapter(type(spec)).dump_python(spec)
    description.write_text(json.dumps(fields, ensure_ascii=False, indent=1), encoding="utf-8")
    return weights, description


@contextmanager
def saved(model: nn.Module, spec: Spec) -> Iterator[tuple[Path, Path]]:
    """Write a model into files that are there for a while; see `save`."""
    with TemporaryDirectory() as folder:
        yield save(model, spec, Path(folder))


def load_forecaster(weights: Path, description: Path) -> tuple[MLP, MLPSpec]:
    """Read a model that forecasts a series, on the CPU and ready to predict.

    Raises:
        ModelError: a file is missing or damaged, the two do not belong together, or it is a language model.
    """
    with _reading(weights, description):
        _refuse(
            ("rnn_scratch", "rnn", "regularised"),
            description,
            "a model that forecasts a series, got a language model",
        )
        spec = MLPSpec.model_validate_json(description.read_bytes())
        return _fill(spec.build(), weights), spec


def load_language_model(weights: Path, description: Path) -> tuple[LanguageModel, LanguageSpec]:
    """Read a language model, on the CPU and ready to predict.

    Raises:
        ModelError: a file is missing or damaged, the two do not belong together, or it forecasts a series.
    """
    with _reading(weights, description):
        _refuse(("mlp",), description, "a language model, got one that forecasts a series")
        spec = _LANGUAGE.validate_json(description.read_bytes())
        return _fill(spec.build(), weights), spec


class _Kind(BaseModel):
    model: str


def _refuse(kinds: tuple[str, ...], description: Path, complaint: str) -> None:
    """Tell a model of the wrong kind from a damaged one."""
    kind = _Kind.model_validate_json(description.read_bytes()).model
    if kind in kinds:
        raise ModelError(f"expected {complaint} ({kind})")


def _fill(model: Model, weights: Path) -> Model:
    model.load_state_dict(load_file(weights))
    return model.eval()


@contextmanager
def _reading(weights: Path, description: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError, ValidationError, RuntimeError) as error:
        raise ModelError(
            f"expected a saved model at {description} and {weights}, got: {error}; train it again"
        ) from None
