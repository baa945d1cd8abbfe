"""What tags, models and the experiment of a project are called."""

from seqstep_cli import NAMES
from stagecraft.files.home import Home
from stagecraft.mlflow import Tags, Tracker
from stagecraft.names import Names


def test_the_tags_of_records_that_were_made_before_are_still_the_same() -> None:
    stage = {"stage", "key", "reason", "error", "cached_from", "resumed_from", "input", "infinite", "session"}
    others = {"pipeline", "sweep", "pinned", "freed", "evaluated", "evaluated_on", "unkeyed", "digest"}
    others |= {"data", "data_id", "asked_in"}
    version = {"content", "code", "files", "promoted", "set_aside"}
    tags = Tags.of(NAMES)
    assert tags._asdict() == {name: f"seqstep.{name}" for name in stage | others | version}
    assert tags.reused == "seqstep.input.registered"


def test_another_project_has_an_experiment_and_tags_of_its_own(home: Home) -> None:
    weather = Tracker(Home(home.root, Names("weather")))
    run_id = weather.start_run("rain", {weather.tags.stage: "rain"})
    run = weather.client.get_run(run_id)
    assert run.data.tags["weather.stage"] == "rain"
    assert weather.client.get_experiment(run.info.experiment_id).name == "weather"
    assert Tracker(home).experiment == "seqstep"


def test_a_registered_model_is_the_projects_own_if_it_is_called_after_it() -> None:
    assert NAMES.model("rnn") == "seqstep-rnn"
    assert [name for name in ("seqstep-rnn", "seqstepper", "rnn") if NAMES.is_model(name)] == ["seqstep-rnn"]
