"""Which flow a command runs: the one that is named, or the half that data was given for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows.asking import ask
from flows.walk import FLOWS, graph
from seqstep.errors import ConfigError
from seqstep.forecasters.table import FORECASTERS
from seqstep.models.networks import NETWORKS
from seqstep.settings.resolving import resolve
from seqstep.text.ngram_models.table import MODELS
from seqstep_cli import NAMES
from seqstep_cli.main import PROGRAM
from seqstep_cli.sweep_request import SweepRequest
from stagecraft.cli.main import build_parser
from stagecraft.cli.workplace import Workplace
from stagecraft.files.home import Home
from stagecraft.pipeline.selection import Selector

METRIC = "forecast/mlp/rmse_k001"
CSV = "day,load\n" + "".join(f"2026-01-{day:02d},{day}\n" for day in range(1, 29))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a text and a series."""
    (tmp_path / "data.csv").write_text(CSV)
    (tmp_path / "my.txt").write_text("the time traveller smiled\n" * 500)
    return tmp_path


def asked(seqstep: Any, *argv: str) -> dict[str, Any]:
    result = seqstep("plan", "--json", *argv)
    assert result.status == 0, result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


@pytest.mark.parametrize("flow", FLOWS)
def test_each_flow_is_planned_by_its_name(seqstep: Any, home: Home, flow: str) -> None:
    document = asked(seqstep, "--flow", flow)
    assert (document["flow"], document["notices"]) == (flow, [])
    assert [stage["name"] for stage in document["stages"]] == list(graph(resolve(), flow).nodes)


@pytest.mark.parametrize(
    ("given", "flow", "lacking"),
    [
        ("series.path={}/data.csv series.column=load", "series", {"download", "train_rnn"}),
        ("corpus.path={}/my.txt", "text", {"series", "train_mlp"}),
        ("corpus.path={}/my.txt series.path={}/data.csv series.column=load", "pipeline", set()),
        ("corpus.path=builtin:lighthouse series.path={}/data.csv series.column=load", "pipeline", set()),
        ("corpus.path={}/my.txt series.path=", "pipeline", set()),
        ("corpus.path=builtin:lighthouse", "pipeline", set()),
        ("series.points=500 rnn.epochs=3", "pipeline", set()),
    ],
)
def test_who_gives_one_source_alone_gets_that_half_and_is_told(
    seqstep: Any, home: Home, data: Path, given: str, flow: str, lacking: set[str]
) -> None:
    document = asked(seqstep, "--set", *given.replace("{}", str(data)).split())
    assert document["flow"] == flow
    names = {stage["name"] for stage in document["stages"]}
    assert set(graph(resolve()).nodes) - names >= lacking and bool(lacking) == bool(document["notices"])
    assert all(f"so the flow {flow} runs; --flow pipeline" in notice for notice in document["notices"])


def test_a_text_without_a_source_is_refused_by_a_plan_where_it_is_wanted(seqstep: Any, home: Home) -> None:
    seqstep("plan", "--set", "corpus.path=").ends(2, "no source of the text: set corpus.path or corpus.url")
    assert asked(seqstep, "--until", "series", "--set", "corpus.path=")["stages"]


def test_a_flow_that_is_named_wins_over_what_is_given(seqstep: Any, home: Home, data: Path) -> None:
    argv = ["--flow", "pipeline", "--set", f"corpus.path={data}/my.txt"]
    assert asked(seqstep, *argv)["flow"] == "pipeline"


@pytest.mark.parametrize(
    ("flow", "setting", "told"),
    [
        ("series", "corpus.path", ["corpus.path: given, but the flow series does not read that"]),
        ("text", "series.path", ["series.path: given, but the flow text does not read that"]),
        ("text", "corpus.path", []),
    ],
)
def test_what_the_flow_that_is_named_does_not_read_is_told(
    seqstep: Any, home: Home, data: Path, flow: str, setting: str, told: list[str]
) -> None:
    assert asked(seqstep, "--flow", flow, "--set", f"{setting}={data}/my.txt")["notices"] == told


def test_settings_that_the_other_half_reads_are_told_too(seqstep: Any, home: Home, data: Path) -> None:
    settings = [f"corpus.path={data}/my.txt", "series.points=500", "seed=3", "rnn.epochs=2"]
    given = asked(seqstep, "--set", *settings)
    assert given["notices"][1:] == ["series.points: given, but the flow text does not read that"]
    assert asked(seqstep, "--flow", "series", "--set", "rnn.epochs=60")["notices"] == []  # as it is anyway
    unread = ["gru.hidden: given, but the flow pipeline does not read that"]
    settings = ["gru.hidden=7", "retry.attempts=9", "seed=3"]
    assert asked(seqstep, "--set", *settings)["notices"] == unread
    assert asked(seqstep, "--set", *settings, "comparison.enabled=true")["notices"] == []


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("series.column=load", "series.column: given, but the sine does not read that"),
        ("series.gaps=interpolate series.decimal=,", "series.decimal, series.gaps: given, but the sine"),
        (
            "series.path={}/my.csv series.points=500",
            "series.points: given, but a series from a file",
        ),
        ("series.points=500", ""),
    ],
)
def test_what_the_source_of_the_series_does_not_read_is_told(
    seqstep: Any, home: Home, data: Path, settings: str, told: str
) -> None:
    given = settings.replace("{}", str(data)).split()
    *_, notice = ["", *asked(seqstep, "--flow", "series", "--set", *given)["notices"]]
    assert notice.startswith(told) and bool(notice) == bool(told)


def test_a_mirror_of_the_profiles_own_text_is_no_text_that_is_given(seqstep: Any, home: Home) -> None:
    assert asked(seqstep, "notes", "--set", "corpus.url=https://example.org/a.txt")["flow"] == "pipeline"
    assert asked(seqstep, "quick", "--set", "corpus.url=https://example.org/a.txt")["flow"] == "text"


def test_a_configuration_that_was_printed_means_the_whole_again(
    seqstep: Any, home: Home, tmp_path: Path
) -> None:
    for profile in ("quick", "notes"):
        file = tmp_path / f"{profile}.toml"
        file.write_text(seqstep("config", profile).out)
        assert asked(seqstep, "--config", str(file))["flow"] == "pipeline"


def test_the_series_alone_runs_with_a_report_of_its_own(seqstep: Any, home: Home, data: Path) -> None:
    small = ["mlp.epochs=2", "mlp.window=2", "mlp.batch=4", "forecast.horizons=1,2"]
    given = [f"series.path={data}/data.csv", "series.column=load"]
    result = seqstep("run", "--json", "--set", *given, *small)
    assert result.status == 0, result.err
    document = json.loads(result.out)
    assert [stage["name"] for stage in document["stages"]] == [
        "series",
        "train_mlp",
        "evaluate_forecasts",
        "report",
    ]
    assert "only a series was given" in result.err
    (page,) = home.artifacts.glob(f"{document['run_id']}/artifacts/report.html")
    assert "Zipf" not in page.read_text("utf-8")


def test_what_is_understood_of_a_series_is_told(seqstep: Any, home: Home, tmp_path: Path) -> None:
    dates = pd.date_range("2020-02-01", periods=60)
    days = "".join(f"{date:%d.%m.%y};1.0{date.day:02},5\n" for date in dates)
    (tmp_path / "umsatz.csv").write_text(f"Umsatz 2020\nTag;Umsatz\n{days}", encoding="utf-16")
    given = [f"series.path={tmp_path}/umsatz.csv", "series.column=Umsatz", "forecast.horizons=1,4"]
    result = seqstep("run", "--json", "--until", "series", "--set", *given)
    said = [
        "line 1 left out, as titles before the header",
        "read as utf-16, as the file's first bytes say",
        "column 'Umsatz': its numbers have a comma before the decimals and '.' between thousands",
        "dates of column 'Tag' read as %d.%m.%y: 2020-02-01 to 2020-03-31, daily",
        "season: none, for values that are daily show none; backtest.season sets another",
    ]
    assert json.loads(result.out)["stages"][0]["notices"] == said
    assert all(line in result.err for line in said)
    again = seqstep("run", "--json", "--until", "series", "--set", *given)
    assert json.loads(again.out)["stages"][0]["notices"] == said


def test_an_unknown_flow_is_refused_with_the_nearest(seqstep: Any, home: Home) -> None:
    for command in ("run", "plan", "stages"):
        seqstep(command, "--flow", "serie").ends(2, "there is no flow 'serie'; did you mean series?")


def test_a_stage_of_the_other_half_is_refused_by_name(seqstep: Any, home: Home, data: Path) -> None:
    result = seqstep("plan", "--until", "train_rnn", "--set", f"series.path={data}/data.csv")
    result.ends(2, "there is no stage 'train_rnn'", "only a series was given", "--flow pipeline")


def test_a_sweep_tells_which_half_its_points_run(home: Home, data: Path) -> None:
    def notices(*argv: str) -> list[str]:
        args = build_parser(PROGRAM).parse_args(["sweep", *argv, "--metric", METRIC])
        return list(SweepRequest(args, Workplace(NAMES)).notices)

    (data / "other.csv").write_text(CSV)
    series = f"series.path={data}/data.csv"
    assert notices("--grid", f"{series},{data}/other.csv")[0].startswith("only a series was given")
    assert notices("--set", series, "--grid", f"corpus.path={data}/my.txt") == []


def test_a_grid_of_a_group_is_refused_before_anything_starts(seqstep: Any, home: Home) -> None:
    before = home.database.read_bytes()
    result = seqstep("sweep", "--grid", "rnn={epochs=5}")
    result.ends(2, "rnn is a group of settings; name one of them")
    assert home.database.read_bytes() == before


def test_a_folder_that_was_deleted_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os; os.rmdir({str(gone)!r}); from seqstep_cli.main import program; program()"
    done = subprocess.run(
        [sys.executable, "-c", program, "runs"], cwd=gone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "expected a current folder, got one that was deleted" in done.stderr


@pytest.mark.parametrize("values", ["2,02", "2,+2"])
def test_values_of_a_grid_that_mean_the_same_are_refused(seqstep: Any, home: Home, values: str) -> None:
    first, second = values.split(",")
    result = seqstep("sweep", "--grid", f"rnn.epochs={values}", "--json")
    result.ends(2, f"expected each value of rnn.epochs once, got {first} and {second}, which are the same")


def test_an_error_in_a_file_of_settings_names_the_file(seqstep: Any, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[rnn]\nepochs = 0\n")
    for command in ("plan", "run", "stages", "config", "sweep"):
        more = ["--grid", "seed=0,1"] if command == "sweep" else []
        seqstep(command, "--config", str(file), *more).ends(2, f"in {file}, rnn.epochs can't be 0")
    seqstep("plan", "--config", str(file), "--set", "rnn.epochs=3", "rnn.clip=no").ends(
        2, "seqstep: rnn.clip"
    )


@pytest.mark.parametrize(
    "settings", ["rnn.epochs=7", "rnn={epochs=7}", 'rnn={"epochs": 7}', "rnn = { epochs = 7 }"]
)
def test_settings_mean_the_same_dotted_and_nested(seqstep: Any, home: Home, settings: str) -> None:
    config = json.loads(seqstep("config", "--json", "--set", settings).out)
    assert config["rnn"]["epochs"] == 7


def test_a_file_of_settings_may_be_dotted_or_nested(seqstep: Any, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    for text in ('"rnn.epochs" = 7\n', "rnn.epochs = 7\n", "[rnn]\nepochs = 7\n"):
        file.write_text(text)
        config = json.loads(seqstep("config", "--json", "--config", str(file)).out)
        assert config["rnn"]["epochs"] == 7
    file.write_text('"rnn.epochs" = 7\n[rnn]\nepochs = 8\n')
    seqstep("config", "--config", str(file)).ends(2, "expected one value of rnn.epochs, got two")


@pytest.mark.parametrize("table", [NETWORKS, MODELS, FORECASTERS])
@pytest.mark.parametrize("name", ["a,b", "kn/2", "gru-no-bias", "2nd", ""])
def test_names_of_models_are_words(monkeypatch: pytest.MonkeyPatch, table: dict[str, Any], name: str) -> None:
    monkeypatch.setitem(table, name, None)
    with pytest.raises(ConfigError, match=f"in the tables of models, got '{name}'"):
        ask("", "quick", [], Selector(), offline=False)


class _Called:
    """What a maker makes, such as a layer, which can be called too."""

    def __call__(self, *args: Any) -> None:
        """Take anything."""


@pytest.mark.parametrize("table", [NETWORKS, MODELS, FORECASTERS])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (3, "expected a function that makes the model mine in its table, got 3"),
        (_Called(), "expected a function that makes the model mine in its table, got "),
        (lambda: None, "expected the maker of the model mine to take "),
        (lambda one, two, three, four, five: None, "expected the maker of the model mine to take "),
    ],
)
def test_makers_of_models_are_called_alike(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, Any], make: Any, words: str
) -> None:
    monkeypatch.setitem(table, "mine", make)
    with pytest.raises(ConfigError, match=words):
        ask("", "quick", [], Selector(), offline=False)


def test_makers_take_what_they_are_given_in_the_order_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "mine", lambda ids, order, vocab, end: None)
    with pytest.raises(
        ConfigError, match="expected the maker of the model mine to take ids, vocab, order, end"
    ):
        ask("", "quick", [], Selector(), offline=False)


@pytest.mark.parametrize("name", ["rnn", "held_out_gru", "mixture", "networks_together"])
def test_a_model_of_counts_is_called_like_no_network_beside_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(MODELS, name, MODELS["unigram"])
    with pytest.raises(ConfigError, match=f"expected another name for the model of counts {name}"):
        ask("", "quick", [], Selector(), offline=False)


@pytest.mark.parametrize("name", ["stage", "start", "Path", "ask", "__file__"])
def test_a_flow_is_called_like_nothing_else_that_an_entry_point_could_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(FLOWS, name, "Something else.")
    with pytest.raises(ConfigError, match=f"expected another name for the flow {name} in flows/walk.py"):
        ask("", "quick", [], Selector(), offline=False)
