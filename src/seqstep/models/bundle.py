"""A trained model as two files: weights as safetensors, and all else that it needs as JSON.

Nothing is pickled, so loading a model runs no code of whoever saved it.
"""

import json
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from seqstep.config import Cell, Clean, TokenKind
from seqstep.errors import ModelError
from seqstep.models.language import LanguageModel
from seqstep.models.mlp import MLP
from seqstep.models.rnn_scratch import RNNScratch
from seqstep.models.rnn_torch import RNNTorch
from seqstep.series.scaling import Scaling
from seqstep.text.codec import Codec
from seqstep.text.vocab import Vocab

WEIGHTS, SPEC = "weights.safetensors", "model.json"


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MLPSpec(_Spec):
    """What an MLP needs besides its weights: its sizes, and how values are scaled."""

    model: Literal["mlp"] = "mlp"
    window: PositiveInt
    hidden: PositiveInt
    scaling: Scaling

    def build(self, generator: torch.Generator | None = None) -> MLP:
        """Make the network with fresh weights."""
        return MLP(self.window, self.hidden, generator)


class _LanguageSpec(_Spec):
    hidden: PositiveInt
    tokens: TokenKind
    clean: Clean
    vocab: str  # JSON

    def codec(self) -> Codec:
        """Make what turns a user's text into indices and back."""
        return Codec(Vocab.from_json(self.vocab), self.tokens, self.clean)


class RNNScratchSpec(_LanguageSpec):
    """What the recurrent network from scratch needs besides its weights."""

    model: Literal["rnn_scratch"] = "rnn_scratch"

    def build(self, generator: torch.Generator | None = None) -> RNNScratch:
        """Make the network with fresh weights."""
        return RNNScratch(len(Vocab.from_json(self.vocab)), self.hidden, generator)


class RNNTorchSpec(_LanguageSpec):
    """What the network around the library's layer needs besides its weights."""

    model: Literal["rnn"] = "rnn"
    cell: Cell
    layers: PositiveInt
    bidirectional: bool = False

    def build(self, generator: torch.Generator | None = None) -> RNNTorch:
        """Make the network with fresh weights."""
        size = len(Vocab.from_json(self.vocab))
        return RNNTorch(size, self.hidden, self.cell, self.layers, self.bidirectional, generator)


LanguageSpec = RNNScratchSpec | RNNTorchSpec
Spec = MLPSpec | LanguageSpec
_SPEC: TypeAdapter[Spec] = TypeAdapter(Annotated[Spec, Field(discriminator="model")])


def save(model: torch.nn.Module, spec: Spec, folder: Path) -> tuple[Path, Path]:
    """Write a model into an existing folder.

    Returns:
        the file of the weights and that of the specification. The same model gives the same bytes.
    """
    weights, description = folder / WEIGHTS, folder / SPEC
    save_file({name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}, weights)
    description.write_text(json.dumps(spec.model_dump(), ensure_ascii=False, indent=1), encoding="utf-8")
    return weights, description


def load(weights: Path, description: Path) -> tuple[torch.nn.Module, Spec]:
    """Read a model that `save` wrote, on the CPU and ready to predict.

    Raises:
        ModelError: a file is missing or damaged, or the two do not belong together.
    """
    try:
        spec = _SPEC.validate_json(description.read_bytes())
        model = spec.build()
        model.load_state_dict(load_file(weights))
    except (OSError, SafetensorError, ValidationError, RuntimeError) as error:
        raise ModelError(
            f"expected a saved model at {description} and {weights}, got: {error}; train it again"
        ) from None
    return model.eval(), spec


def load_forecaster(weights: Path, description: Path) -> tuple[MLP, MLPSpec]:
    """Read a model that forecasts a series.

    Raises:
        ModelError: the model can't be read, or is a language model.
    """
    model, spec = load(weights, description)
    if not isinstance(model, MLP) or not isinstance(spec, MLPSpec):
        raise ModelError(f"expected a model that forecasts a series, got a language model ({spec.model})")
    return model, spec


def load_language_model(weights: Path, description: Path) -> tuple[LanguageModel, LanguageSpec]:
    """Read a language model.

    Raises:
        ModelError: the model can't be read, or forecasts a series.
    """
    model, spec = load(weights, description)
    if isinstance(spec, MLPSpec) or not isinstance(model, LanguageModel):
        raise ModelError(f"expected a language model, got one that forecasts a series ({spec.model})")
    return model, spec
