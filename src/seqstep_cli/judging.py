"""How `promote` measures versions of a model: on the newest data of its data set, without any training."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from seqstep.settings.config import ForecastConfig
from seqstep_cli.registered import part_of
from seqstep_cli.trained_on import given_tokens, seen_tokens, training_parameter
from stagecraft.mlflow import Registry, Version, evaluations

if TYPE_CHECKING:
    import pandas as pd

    from seqstep.evaluation.newest_text import TrainedReader
    from seqstep.evaluation.newest_values import TrainedForecaster
    from seqstep.evaluation.unseen import Judged

_FORECASTER = "mlp"
_HORIZON = "rmse_valid_k"


class NewestData:
    """Measures versions on the newest data that a training of their data set was given.

    Args:
        name: of the registered model.
        newest: the run of a training's stage that was given it.
        metric: a figure that is wanted besides the usual ones; empty for none.
    """

    def __init__(self, registry: Registry, name: str, newest: str, metric: str = "") -> None:
        self.registry, self.newest, self.metric = registry, newest, metric
        self.part, self._open = part_of(name), registry.tracker.open_input

    def judge(self, versions: Sequence[Version]) -> "Judged":
        """Measure versions; see `MeasureAlike`.

        Raises:
            ComparisonError: it is not known what trained a version.
        """
        if self.part == _FORECASTER:
            return self._judge_forecasters(versions)
        return self._judge_readers(versions)

    def _judge_forecasters(self, versions: Sequence[Version]) -> "Judged":
        from seqstep.evaluation.newest_values import judge_forecasters

        newest = self._series(self.newest)
        return judge_forecasters([*map(self._forecaster, versions)], newest, self._horizons(versions[0]))

    def _judge_readers(self, versions: Sequence[Version]) -> "Judged":
        from seqstep.evaluation.newest_text import judge_readers

        return judge_readers([*map(self._reader, versions)], given_tokens(self.registry, self.newest))

    def _series(self, run_id: str) -> "pd.Series":
        """Read the series that a training was given."""
        from seqstep.series.series_file import read_series

        return read_series(self._open(run_id, "series.values"))

    def _horizons(self, candidate: Version) -> list[int]:
        """List the horizons that a candidate was evaluated at, else the usual ones, and the wanted one."""
        tracker = self.registry.tracker
        content = self.registry.tags(candidate).get(tracker.tags.content, "none")
        figures = [name for found in evaluations(tracker, self.part, content)[:1] for name in found.figures]
        ends = [name.removeprefix(_HORIZON) for name in (*figures, self.metric) if name.startswith(_HORIZON)]
        known = [int(end) for end in ends if end.isdecimal() and int(end)]
        return known if figures else [*ForecastConfig().horizons, *known]

    def _forecaster(self, version: Version) -> "TrainedForecaster":
        from seqstep.evaluation.newest_values import TrainedForecaster
        from seqstep.models.bundle import load_forecaster
        from seqstep.models.mlp import predictor

        parts = self.registry.parts(version)
        model, spec = load_forecaster(parts["weights.safetensors"], parts["model.json"])
        series = self._series(version.run_id)
        share = float(training_parameter(self.registry, version, "mlp.train_share"))
        return TrainedForecaster(str(version), predictor(model, spec.scaling), spec.window, series, share)

    def _reader(self, version: Version) -> "TrainedReader":
        from seqstep.evaluation.newest_text import TrainedReader
        from seqstep.models.bundle import load_language_model
        from seqstep.models.scoring import log_probabilities

        parts = self.registry.parts(version)
        model, spec = load_language_model(parts["weights.safetensors"], parts["model.json"])
        text = given_tokens(self.registry, version.run_id)
        seen = seen_tokens(self.registry, version, len(text))
        codec = spec.codec()
        scorer = partial(log_probabilities, model, end=codec.vocab.end)
        return TrainedReader(str(version), scorer, codec, text, seen)
