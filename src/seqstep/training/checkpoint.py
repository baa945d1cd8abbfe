"""The state of a training between two epochs, and the two files that hold it.

Tensors are safetensors, all else is JSON. Nothing is pickled, so going on with a training runs no code of
whoever saved it.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from seqstep.errors import ModelError
from seqstep.training.optimizers import Optimizer

TENSORS, VALUES = "training.safetensors", "training.json"
_WEIGHT, _OPTIMIZER, _GENERATOR = "model.", "optimizer.", "generator"

Generator = np.random.Generator | torch.Generator


class TrainingState(NamedTuple):
    """What a training needs to go on.

    Attributes:
        kind: tells one training from another, in words.
        history: the values of a row for each epoch so far.
        state: of the weights, the optimizer and the generator; tensors and what JSON can hold, by name.
    """

    kind: str
    history: list[list[Any]]
    state: dict[str, Any]


def collect_state(model: nn.Module, optimizer: Optimizer, generator: Generator) -> dict[str, Any]:
    """Name everything that a training changes; tensors are the training's own, not copies."""
    state = {_WEIGHT + name: weight for name, weight in model.state_dict().items()}
    parameters = _parameters(model)
    for index, entries in optimizer.state_dict()["state"].items():
        state |= {f"{_OPTIMIZER}{parameters[index]}.{key}": value for key, value in entries.items()}
    if isinstance(generator, torch.Generator):
        return state | {_GENERATOR: generator.get_state()}
    return state | {_GENERATOR: generator.bit_generator.state}


def restore_state(
    state: Mapping[str, Any], model: nn.Module, optimizer: Optimizer, generator: Generator
) -> None:
    """Bring a training, in place and on its own device, into a state that `collect_state` named.

    Raises:
        ModelError: the weights are another model's; nothing has changed then.
    """
    weights = dict(_part(state, _WEIGHT))
    _check_shapes(weights, model.state_dict())
    model.load_state_dict(weights)
    entries: dict[int, dict[str, Any]] = defaultdict(dict)
    parameters = _parameters(model)
    for name, value in _part(state, _OPTIMIZER):
        parameter, _, key = name.rpartition(".")
        entries[parameters.index(parameter)][key] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": entries})
    if isinstance(generator, torch.Generator):
        generator.set_state(state[_GENERATOR])
    else:
        generator.bit_generator.state = state[_GENERATOR]


def write_checkpoint(checkpoint: TrainingState, folder: Path) -> None:
    """Write a checkpoint into an existing folder; the same one gives the same bytes."""
    kind, history, state = checkpoint
    tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    values = {name: value for name, value in state.items() if name not in tensors}
    content = save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()})
    description = {"kind": kind, "history": history, "state": values}
    signed = description | {"sha256": _hash(description, content)}
    (folder / TENSORS).write_bytes(content)
    (folder / VALUES).write_bytes(_to_json(signed))


def read_checkpoint(folder: Path) -> TrainingState:
    """Read what `write_checkpoint` wrote.

    Raises:
        ModelError: a file is missing or damaged, or the two do not belong together.
    """
    try:
        content = (folder / TENSORS).read_bytes()
        description = json.loads((folder / VALUES).read_bytes())
        expected = description.pop("sha256")
        if _hash(description, content) != expected:
            raise ValueError(f"another hash than the {expected} in {VALUES}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"expected a whole saved training ({TENSORS} and {VALUES}) in {folder}, got"
            f" {type(error).__name__}: {error}; train from the start, or go on from another one"
        ) from None
    # An optimizer works on its state in place, and a file's bytes lie as no tensor of its own would.
    tensors = {name: tensor.clone() for name, tensor in load(content).items()}
    return TrainingState(description["kind"], description["history"], description["state"] | tensors)


def _parameters(model: nn.Module) -> list[str]:
    """Name the parameters in the order in which an optimizer numbers them."""
    return [name for name, _ in model.named_parameters()]


def _part(state: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    return ((name.removeprefix(prefix), value) for name, value in state.items() if name.startswith(prefix))


def _hash(description: Mapping[str, Any], content: bytes) -> str:
    return hashlib.sha256(_to_json(description) + content).hexdigest()


def _to_json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True).encode()


def _check_shapes(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    theirs, ours = ({name: (*w.shape,) for name, w in weights.items()} for weights in (found, expected))
    if theirs != ours:
        raise ModelError(
            f"expected a saved training of a model with the weights {ours}, got one with {theirs};"
            " build the model that was trained, or train from the start"
        )
