"""The state of any training and its two files: nothing is lost, and nothing damaged is taken for whole."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from seqstep.errors import ModelError
from seqstep.training.checkpoint import (
    TENSORS,
    VALUES,
    Generator,
    TrainingState,
    collect_state,
    read_checkpoint,
    restore_state,
    write_checkpoint,
)

Optimizer = torch.optim.Optimizer
OPTIMIZERS: dict[str, Callable[[nn.Module], Optimizer]] = {
    "sgd": lambda m: torch.optim.SGD(m.parameters(), 0.1),
    "momentum": lambda m: torch.optim.SGD(m.parameters(), 0.1, momentum=0.9),
    "adam": lambda m: torch.optim.Adam(m.parameters(), 0.1),
    "amsgrad": lambda m: torch.optim.AdamW(m.parameters(), 0.1, amsgrad=True),
    "rmsprop": lambda m: torch.optim.RMSprop(m.parameters(), 0.1, momentum=0.5, centered=True),
    "adagrad": lambda m: torch.optim.Adagrad(m.parameters(), 0.1),
    "rprop": lambda m: torch.optim.Rprop(m.parameters(), 0.1),
    "asgd": lambda m: torch.optim.ASGD(m.parameters(), 0.1),
    "nadam": lambda m: torch.optim.NAdam(m.parameters(), 0.1),
}
GENERATORS: dict[str, Callable[[int], Generator]] = {
    "numpy": np.random.default_rng,
    "torch": lambda seed: torch.Generator().manual_seed(seed),
}


def network(seed: int, outputs: int = 2) -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs))
    for parameter in model.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(seed))
    return model


def walk(model: nn.Module, optimizer: Optimizer, generator: Generator, steps: int) -> None:
    for _ in range(steps):
        drawn = (
            torch.randn(4, 3, generator=generator)
            if isinstance(generator, torch.Generator)
            else torch.tensor(generator.normal(size=(4, 3)), dtype=torch.float32)
        )
        optimizer.zero_grad()
        model(drawn).square().sum().backward()
        optimizer.step()


@pytest.mark.parametrize("optimize", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("generate", GENERATORS.values(), ids=GENERATORS.keys())
def test_any_optimizer_and_generator_go_on_as_if_nothing_had_been(
    optimize: Callable[[nn.Module], Optimizer], generate: Callable[[int], Generator], tmp_path: Path
) -> None:
    one, other = network(0), network(1)
    first, second = (one, optimize(one), generate(5)), (other, optimize(other), generate(6))
    walk(*first, 3)
    write_checkpoint(TrainingState("a walk", [[1, 0.5]], collect_state(*first)), tmp_path)
    restore_state(read_checkpoint(tmp_path).state, *second)
    (tmp_path / "again").mkdir()
    write_checkpoint(TrainingState("a walk", [[1, 0.5]], collect_state(*second)), tmp_path / "again")
    for name in (TENSORS, VALUES):
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    walk(*first, 3)
    walk(*second, 3)
    for mine, twin in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, twin)


def checkpoint(seed: int = 0, history: list[list[float]] | None = None) -> TrainingState:
    model = network(seed)
    state = collect_state(model, OPTIMIZERS["adam"](model), np.random.default_rng(seed))
    return TrainingState("a walk", history or [], state)


def test_numbers_keep_every_digit_and_infinity(tmp_path: Path) -> None:
    history = [[1, 0.1 + 0.2, math.inf], [2, 5e-324, 1.7976931348623157e308]]
    write_checkpoint(checkpoint(history=history), tmp_path)
    assert read_checkpoint(tmp_path).history == history


def test_the_file_of_the_values_is_json_and_names_what_it_holds(tmp_path: Path) -> None:
    write_checkpoint(checkpoint(), tmp_path)
    values = json.loads((tmp_path / VALUES).read_text("utf-8"))
    assert values["kind"] == "a walk"
    assert values["state"]["generator"] == np.random.default_rng(0).bit_generator.state


def test_what_was_read_lives_on_without_its_files(tmp_path: Path) -> None:
    write_checkpoint(checkpoint(), tmp_path)
    state = read_checkpoint(tmp_path).state
    before = state["model.0.weight"].clone()
    (tmp_path / TENSORS).write_bytes(b"")
    state["model.0.bias"].add_(1)
    assert torch.equal(state["model.0.weight"], before)


@pytest.mark.parametrize("name", [TENSORS, VALUES])
@pytest.mark.parametrize("share", [None, 0, 0.01, 0.5, 0.999])
def test_a_missing_or_truncated_file_is_an_error_that_names_the_place(
    name: str, share: float | None, tmp_path: Path
) -> None:
    write_checkpoint(checkpoint(), tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if share is not None:
        (tmp_path / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(
        ModelError, match=r"expected a whole saved training .* train from the start"
    ) as caught:
        read_checkpoint(tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("name", [TENSORS, VALUES])
def test_one_changed_character_anywhere_is_an_error(name: str, tmp_path: Path) -> None:
    write_checkpoint(checkpoint(history=[[1, 0.25]]), tmp_path)
    content = (tmp_path / name).read_bytes()
    for place in range(0, len(content), 7):
        (tmp_path / name).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ModelError, match="expected a whole saved training"):
            read_checkpoint(tmp_path)


def test_files_of_two_checkpoints_do_not_go_together(tmp_path: Path) -> None:
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        write_checkpoint(checkpoint(seed), tmp_path / str(seed))
    (tmp_path / "0" / TENSORS).replace(tmp_path / "1" / TENSORS)
    with pytest.raises(ModelError, match=rf"another hash than the .* in {VALUES}"):
        read_checkpoint(tmp_path / "1")


@pytest.mark.parametrize("text", ["[]", "1", "null", "{}", '{"sha256": "x"}', '{"sha256": 1, "kind": []}'])
def test_json_that_is_no_checkpoint_is_an_error(text: str, tmp_path: Path) -> None:
    write_checkpoint(checkpoint(), tmp_path)
    (tmp_path / VALUES).write_text(text, "utf-8")
    with pytest.raises(ModelError, match="expected a whole saved training"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("name", [TENSORS, VALUES])
def test_a_pickle_is_refused_and_does_not_run(name: str, tmp_path: Path) -> None:
    write_checkpoint(checkpoint(), tmp_path)
    trace = tmp_path / "trace"

    class Bomb:
        def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
            return Path.touch, (trace,)

    torch.save(Bomb(), tmp_path / name)
    with pytest.raises(ModelError, match="expected a whole saved training"):
        read_checkpoint(tmp_path)
    assert not trace.exists()


def test_weights_of_other_shapes_are_an_error_with_both_and_change_nothing() -> None:
    mine, theirs = network(0), network(1, outputs=3)
    optimizer, generator = OPTIMIZERS["adam"](mine), np.random.default_rng(0)
    before = [parameter.detach().clone() for parameter in mine.parameters()]
    state = collect_state(theirs, OPTIMIZERS["adam"](theirs), np.random.default_rng(1))
    with pytest.raises(ModelError, match=r"'2\.weight': \(2, 5\).* got one with .*'2\.weight': \(3, 5\)"):
        restore_state(state, mine, optimizer, generator)
    assert all(torch.equal(old, new) for old, new in zip(before, mine.parameters(), strict=True))
    assert generator.bit_generator.state == np.random.default_rng(0).bit_generator.state
