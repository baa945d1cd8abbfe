import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from seqstep.errors import ModelError
from seqstep.generation.generate import generate
from seqstep.models.bundle import (
    MLPSpec,
    RNNScratchSpec,
    RNNTorchSpec,
    Spec,
    load_forecaster,
    load_language_model,
    save,
)
from seqstep.models.mlp import predictor
from seqstep.models.scoring import log_probabilities
from seqstep.series.scaling import Scaling
from seqstep.text.vocab import Vocab

LANGUAGE: dict[str, Any] = {
    "hidden": 8,
    "tokens": "char",
    "clean": "unicode_letters",
    "vocab": Vocab([("a", 3), ("é", 2), (" ", 1), ("\u2028", 1)], reserved=["<pad>"]).to_json(),
}
FORECASTER = MLPSpec(window=4, hidden=8, scaling=Scaling(mean=3.0, std=0.1))
SCRATCH = RNNScratchSpec(**LANGUAGE)
SPECS: dict[str, Spec] = {
    "mlp": FORECASTER,
    "scratch": SCRATCH,
    "rnn": RNNTorchSpec(cell="rnn", layers=1, **LANGUAGE),
    "gru": RNNTorchSpec(cell="gru", layers=2, **LANGUAGE),
    "lstm": RNNTorchSpec(cell="lstm", layers=3, **LANGUAGE),
}
every_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())


def load(weights: Path, description: Path, like: Spec = SCRATCH) -> tuple[torch.nn.Module, Spec]:
    return (load_forecaster if like is FORECASTER else load_language_model)(weights, description)


def saved(spec: Spec, folder: Path, seed: int = 0) -> tuple[Path, Path]:
    folder.mkdir(exist_ok=True)
    return save(spec.build(torch.Generator().manual_seed(seed)), spec, folder)


@pytest.mark.parametrize("name", ["scratch", "rnn", "gru", "lstm"])
def test_a_language_model_predicts_the_same_after_the_round_trip(name: str, tmp_path: Path) -> None:
    spec, ids = SPECS[name], np.array([1, 2, 0, 3, 3, 4, 5])
    model = spec.build(torch.Generator().manual_seed(0))
    again, same_spec = load_language_model(*save(model, spec, tmp_path))
    assert same_spec == spec
    assert not again.training
    np.testing.assert_array_equal(log_probabilities(model, ids), log_probabilities(again, ids))
    assert generate(model, [1, 2], 9, 1.0) == generate(again, [1, 2], 9, 1.0)
    codec = same_spec.codec()
    assert (codec.kind, codec.clean) == ("char", "unicode_letters")
    assert codec.vocab.tokens == ("<unk>", "<pad>", "a", "é", " ", "\u2028")


def test_a_forecaster_predicts_the_same_after_the_round_trip(tmp_path: Path) -> None:
    model = FORECASTER.build(torch.Generator().manual_seed(0))
    again, spec = load_forecaster(*save(model, FORECASTER, tmp_path))
    assert spec == FORECASTER
    windows = np.random.default_rng(0).normal(3, 0.1, (20, 4))
    expected = predictor(model, FORECASTER.scaling)(windows)
    np.testing.assert_array_equal(predictor(again, spec.scaling)(windows), expected)


@every_spec
def test_the_same_model_gives_the_same_bytes_and_another_one_others(spec: Spec, tmp_path: Path) -> None:
    first, again, other = (saved(spec, tmp_path / str(n), seed) for n, seed in enumerate([0, 0, 1]))
    (tmp_path / "loaded").mkdir()
    loaded = save(*load(*first, spec), tmp_path / "loaded")
    for files in (again, loaded):
        assert [file.read_bytes() for file in files] == [file.read_bytes() for file in first]
    assert other[0].read_bytes() != first[0].read_bytes()
    assert other[1].read_bytes() == first[1].read_bytes()


@pytest.mark.parametrize("which", [0, 1], ids=["weights", "description"])
@pytest.mark.parametrize("share", [None, 0, 0.01, 0.5, 0.999])
@pytest.mark.parametrize("spec", [SCRATCH, FORECASTER], ids=["language", "forecaster"])
def test_a_missing_or_truncated_file_is_an_error_that_names_it(
    spec: Spec, which: int, share: float | None, tmp_path: Path
) -> None:
    files = saved(spec, tmp_path)
    content = files[which].read_bytes()
    files[which].unlink()
    if share is not None:
        files[which].write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="expected a saved model") as caught:
        load(*files, spec)
    assert str(files[which]) in str(caught.value)
    assert "train it again" in str(caught.value)


def test_swapped_files_are_an_error(tmp_path: Path) -> None:
    weights, description = saved(SCRATCH, tmp_path)
    with pytest.raises(ModelError, match="expected a saved model"):
        load(description, weights)


@pytest.mark.parametrize(
    "name, other", [("mlp", "scratch"), ("scratch", "rnn"), ("rnn", "gru"), ("gru", "lstm")]
)
def test_weights_of_another_model_are_an_error(name: str, other: str, tmp_path: Path) -> None:
    weights, _ = saved(SPECS[name], tmp_path / "one")
    _, description = saved(SPECS[other], tmp_path / "other")
    with pytest.raises(ModelError, match="expected a saved model"):
        load(weights, description)


@pytest.mark.parametrize(
    "name, change",
    [
        ("scratch", {"hidden": 9}),
        ("scratch", {"hidden": 0}),
        ("scratch", {"hidden": -1}),
        ("rnn", {"hidden": 0}),
        ("rnn", {"layers": 0}),
        ("rnn", {"bidirectional": True}),
        ("rnn", {"model": "transformer"}),
        ("rnn", {"vocab": "no JSON"}),
        ("rnn", {"vocab": Vocab([("a", 1)]).to_json()}),
        ("rnn", {"unheard_of": 1}),
        ("mlp", {"window": 0}),
        ("mlp", {"hidden": 0}),
        ("mlp", {"model": "transformer"}),
        ("mlp", {"model": 1}),
        ("mlp", {"unheard_of": 1}),
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_is_an_error(
    name: str, change: dict[str, Any], tmp_path: Path
) -> None:
    weights, description = saved(SPECS[name], tmp_path)
    description.write_text(json.dumps(json.loads(description.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(ModelError):
        load(weights, description, SPECS[name])


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("which", [0, 1], ids=["weights", "description"])
@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL, "torch"])
def test_a_pickle_is_refused_and_does_not_run(which: int, protocol: int | str, tmp_path: Path) -> None:
    files, trace = saved(SCRATCH, tmp_path), tmp_path / "trace"
    if protocol == "torch":
        torch.save(Bomb(trace), files[which])
    else:
        files[which].write_bytes(pickle.dumps(Bomb(trace), protocol))
    with pytest.raises(ModelError, match="expected a saved model"):
        load(*files)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["scratch", "rnn"])
def test_a_model_of_the_other_kind_is_an_error_that_says_which(name: str, tmp_path: Path) -> None:
    kind = re.escape(f"forecasts a series, got a language model ({SPECS[name].model_dump()['model']})")
    with pytest.raises(ModelError, match=kind):
        load_forecaster(*saved(SPECS[name], tmp_path / "language"))
    with pytest.raises(ModelError, match=r"a language model, got one that forecasts a series \(mlp\)"):
        load_language_model(*saved(FORECASTER, tmp_path / "forecaster"))
