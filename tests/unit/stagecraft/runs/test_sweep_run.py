import os
from collections.abc import Callable

import pytest

from stagecraft.errors import BusyError, SelectionError, StagecraftError
from stagecraft.files.home import Home
from stagecraft.mlflow import NOTE_TAG, PARENT_TAG, Tracker
from stagecraft.patience import Patience
from stagecraft.runs.history import History, PipelineRun, StageHistory
from stagecraft.runs.pipeline_run import Title, pipeline_run
from stagecraft.runs.sweep_run import sweep_run

Sweep = Callable[..., str]


@pytest.fixture
def tracker(home: Home) -> Tracker:
    return Tracker(home)


@pytest.fixture
def sweep(tracker: Tracker) -> Sweep:
    """Run a sweep whose points end with an error, if one is given; return its run."""

    def run(identity: str = "abc", error: BaseException | None = None) -> str:
        run_id = ""
        try:
            with sweep_run(
                tracker, identity, Title("sweep", "note"), {"a": 1}, Patience(attempts=1)
            ) as parent:
                run_id = parent.run_id
                with pipeline_run(tracker, "pipeline quick", {}):
                    if error:
                        raise error
        except (StagecraftError, KeyboardInterrupt):
            pass
        return run_id

    return run


def test_pipelines_that_run_meanwhile_are_listed_below_it_and_others_are_not(
    tracker: Tracker, sweep: Sweep
) -> None:
    run_id = sweep()
    with pipeline_run(tracker, "pipeline quick", {}) as alone:
        pass
    (point,) = History(tracker).below(run_id)
    assert tracker.client.get_run(point.run_id).data.tags[PARENT_TAG] == run_id
    assert PARENT_TAG not in tracker.client.get_run(alone.run_id).data.tags
    assert "SEQSTEP_ABOVE" not in os.environ
    assert run_id not in {run.run_id for run in History(tracker).latest(10)}


@pytest.mark.parametrize("error", [StagecraftError("a point failed"), KeyboardInterrupt()])
def test_one_that_did_not_finish_is_gone_on_with_and_one_that_did_is_not(
    error: BaseException, tracker: Tracker, sweep: Sweep
) -> None:
    first = sweep("abc", error)
    before = tracker.client.get_run(first)
    assert before.info.status == ("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
    assert sweep("other") != first
    assert sweep("abc") == first
    after = tracker.client.get_run(first)
    assert after.info.status == "FINISHED" and "seqstep.error" not in after.data.tags
    assert after.data.tags[NOTE_TAG] == "note" and after.data.tags["seqstep.sweep"] == "abc"
    assert after.data.tags["seqstep.session"] != before.data.tags["seqstep.session"]
    assert len(History(tracker).below(first)) == 1  # the one that finished
    assert sweep("abc") != first


def test_the_same_sweep_does_not_run_twice_at_a_time(tracker: Tracker) -> None:
    title = Title("sweep", "")
    with sweep_run(tracker, "abc", title, {}, Patience(attempts=1)):
        with (
            pytest.raises(BusyError, match="expected this sweep to run once"),
            sweep_run(tracker, "abc", title, {}, Patience(attempts=1)),
        ):
            pass
        with sweep_run(tracker, "other", title, {}, Patience(attempts=1)):
            pass


def stage(name: str, **metrics: float) -> StageHistory:
    named = {metric.replace("_", "/"): figure for metric, figure in metrics.items()}
    return StageHistory(
        name=name,
        state="completed",
        run_id="",
        computed_by="",
        seconds=0,
        reason="",
        parameters={},
        metrics=named,
    )


RUN = PipelineRun(
    run_id="",
    name="",
    status="",
    started="",
    seconds=0,
    parameters={},
    stages=(stage("mlp", train_mse=1.0, valid_mse=2.0), stage("rnn", train_mse=3.0)),
)


@pytest.mark.parametrize(
    ("metric", "figure"), [("valid/mse", 2.0), ("rnn:train/mse", 3.0), ("mlp: train/mse", 1.0)]
)
def test_a_figure_is_found_by_its_name_and_where_several_stages_have_it_by_theirs(
    metric: str, figure: float
) -> None:
    assert RUN.figure(metric) == figure


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("valid/mes", "there is no metric 'valid/mes'; there are: train/mse, valid/mse"),
        ("rnn:valid/mse", "there is no metric 'rnn:valid/mse'"),
        ("train/mse", "got train/mse of mlp, rnn; name one, such as mlp:train/mse"),
    ],
)
def test_a_figure_that_is_not_there_or_of_several_stages_is_refused_in_words(metric: str, words: str) -> None:
    with pytest.raises(SelectionError) as refused:
        RUN.figure(metric)
    assert words in str(refused.value)
