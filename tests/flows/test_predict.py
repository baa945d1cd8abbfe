"""The commands that use the registered models."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from stagecraft.mlflow import Registry, Tracker
from tests.flips import flip
from tests.trained import Trained

pytestmark = pytest.mark.usefixtures("trained")


def document(result: Any) -> dict[str, Any]:
    """The one JSON document on standard output."""
    assert result.status == 0 and len(result.out.splitlines()) == 1
    answer: dict[str, Any] = json.loads(result.out)
    return answer


@pytest.mark.parametrize("model", ["rnn", "rnn-scratch", "seqstep-rnn", "rnn/1"])
def test_generate_continues_the_prefix_by_so_many_tokens(model: str, seqstep: Any) -> None:
    options = ["--prefix", "The Keeper", "--length", "20", "--model", model]
    text = document(seqstep("generate", *options, "--json"))["text"]
    assert text.startswith("the keeper") and len(text) == 30
    assert seqstep("generate", *options).out == text + "\n"


def test_the_same_seed_draws_the_same_text_and_another_seed_another(seqstep: Any) -> None:
    def text(*options: str) -> str:
        return str(document(seqstep("generate", "--prefix", "time", "--json", *options))["text"])

    drawn = text("--temperature", "1", "--seed", "3")
    assert drawn == text("--temperature", "1", "--seed", "3")
    assert len({drawn, text("--temperature", "1", "--seed", "4"), text()}) == 3
    assert text("--temperature", "1", "--top-k", "1") == text() == text("--seed", "4")
    assert len(set(text("--temperature", "5", "--top-k", "2", "--length", "200")[4:])) > 2


def test_a_prefix_is_cleaned_as_the_training_text_was(seqstep: Any) -> None:
    result = seqstep("generate", "--prefix", "It's TIME, 42!", "--length", "0")
    assert (result.status, result.out) == (0, "it s time \n")
    assert "note:" not in result.err


def test_letters_that_a_model_can_not_read_are_a_notice_and_no_error(seqstep: Any) -> None:
    result = seqstep("generate", "--prefix", "größe", "--length", "5")
    result.ends(
        0, "seqstep: note: as the model's training text was read, text.clean=ascii_letters drops 40.0%"
    )
    assert result.out.startswith("gr e")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["generate", "--prefix", ""], ["at least one char after text.clean=ascii_letters, got ''"]),
        (["generate", "--prefix", "a", "--length", "-1"], ["length and temperature >= 0", "-1"]),
        (["generate", "--prefix", "a", "--temperature", "-1"], ["length and temperature >= 0", "-1.0"]),
        (["generate", "--prefix", "a", "--top-k", "0"], ["top-k >= 1", "and 0"]),
        (
            ["generate", "--prefix", "a", "--seed", str(2**63)],
            ["--seed: expected a whole number from 0 to 2⁶³ - 1"],
        ),
        (["generate", "--prefix", "a", "--seed", "３"], ["--seed: expected a whole number from 0", "'３'"]),
        (
            ["generate", "--prefix", "a", "--temperature", "1e400"],
            ["--temperature: expected a number", "1e400"],
        ),
        (["generate", "--prefix", "a", "--seed=-1"], ["--seed: expected a whole number from 0", "got '-1'"]),
        (
            ["generate", "--prefix", "a", "--length", "9" * 5000],
            ["to 2⁶³ - 1, got '999", "(5,002 characters)"],
        ),
        (
            ["generate", "--prefix", "a", "--top-k", str(2**64)],
            ["--top-k: expected a whole number from -2⁶³ to"],
        ),
        (["forecast", "--horizon", "9" * 30], ["--horizon: expected a whole number from -2⁶³ to"]),
        (
            ["generate", "--prefix", "a", "--model", "rnn/99"],
            ["there is no version 99 of seqstep-rnn", "[1]"],
        ),
        (["generate", "--prefix", "a", "--model", "foo"], ["there is no model seqstep-foo"]),
        (["generate", "--prefix", "a", "--model", "mlp"], ["mlp"]),
        (["forecast", "--model", "rnn"], ["rnn"]),
        (["forecast", "--horizon", "0"], ["expected a horizon of at least 1", "got a horizon of 0"]),
        (["forecast", "--series", "data.csv"], ["expected --series FILE.csv:COLUMN, got 'data.csv'"]),
        (
            ["forecast", "--series", "no.csv:load", "--model", "mlp/1"],
            ["the series ", "no.csv can't be read: No such file"],
        ),
        (
            ["forecast", "--series", "no.csv:load"],
            [
                "expected a version of seqstep-mlp of the data",
                "no.csv:load",
                "mlp/1 (the newest, trained on sine)",
            ],
        ),
        (["forecast", "--output", "/nowhere/f.csv"], ["written at /nowhere/f.csv, got: No such file"]),
    ],
)
def test_what_a_model_can_not_do_is_refused_in_words(argv: list[str], words: list[str], seqstep: Any) -> None:
    result = seqstep(*argv)
    result.ends(2, "seqstep: ", *words)
    assert len(result.err.splitlines()) == 1


def test_forecast_goes_on_after_the_series_that_trained_the_model(seqstep: Any) -> None:
    rows = document(seqstep("forecast", "--horizon", "5", "--json"))["forecast"]
    assert [row["time"] for row in rows] == ["1001", "1002", "1003", "1004", "1005"]
    assert all(math.isfinite(row["forecast"]) for row in rows)
    printed = list(csv.DictReader(io.StringIO(seqstep("forecast", "--horizon", "5").out)))
    assert [float(row["forecast"]) for row in printed] == pytest.approx(
        [row["forecast"] for row in rows], rel=1e-5
    )


@pytest.mark.parametrize(
    ("argv", "data"),
    [
        (["generate", "--prefix", "time"], "builtin:lighthouse"),
        (["score", "it rains"], "builtin:lighthouse"),
        (["forecast"], "sine"),
        (["forecast", "--output", "next.csv"], "sine"),
    ],
)
def test_it_is_said_which_version_answers_and_what_trained_it(
    argv: list[str], data: str, seqstep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = seqstep(*argv)
    result.ends(0, f"trained on {data}) answers: of the latest run on {data} in this home")
    assert len(result.err.splitlines()) == 1
    told = document(seqstep(*argv, "--json"))["answered_by"]
    assert (told["version"], told["data"]) == (1, data)
    assert f"{told['model']} version 1 (run {told['run_id'][:8]}, " in result.err


def test_forecast_goes_on_after_no_other_series_than_the_one_that_trained_the_model(
    seqstep: Any, trained: Trained
) -> None:
    registry = Registry(Tracker(trained.home))
    path = registry.tracker.open_input(registry.find("seqstep-mlp").run_id, "series.values")
    flip(path, -99)
    refused = seqstep("forecast", "--horizon", "5")
    flip(path, -99)
    refused.ends(2, "expected SHA-256", f"at {path}; run its stage again")
    assert refused.out == "" and seqstep("forecast", "--horizon", "5").status == 0


def test_a_version_goes_on_from_its_own_series_grown_and_from_another_one_only_if_that_is_said(
    seqstep: Any, trained: Trained, tmp_path: Path
) -> None:
    registry = Registry(Tracker(trained.home))
    known = pd.read_csv(registry.tracker.open_input(registry.find("seqstep-mlp").run_id, "series.values"))
    values = known["value"].tolist()

    def ask(values: list[float], *options: str) -> Any:
        pd.Series(values, name="value").to_csv(tmp_path / "mine.csv", index=False)
        return seqstep("forecast", "--series", f"{tmp_path}/mine.csv:value", "--json", *options)

    grown = ask([*values, 0.5, 0.25], "--model", "mlp/1")
    grown.ends(0, "seqstep-mlp version 1 has not seen the last 2 values")
    assert document(grown)["unseen"] == 2
    assert document(ask(values, "--model", "mlp/1"))["unseen"] == 0
    other = [value + 1000 for value in values]
    ask(other, "--anyway").ends(
        2, "expected a version of seqstep-mlp of the data that is asked for, got none"
    )
    refused = ask(other, "--model", "mlp/1")
    refused.ends(2, "at 1 it is 1000", "1,000 of 1,000 values", "train on this one", "--model mlp/1 --anyway")
    ask(values[:-1], "--model", "mlp/1").ends(2, "it ends at 999, before 1000")
    told = ask(other, "--model", "mlp/1", "--anyway")
    told.ends(
        0, "note: not the series that seqstep-mlp version 1 was trained on", "from 998", "those that trained"
    )
    assert document(told)["unseen"] is None


def test_forecasts_of_a_dated_series_carry_the_dates_that_follow(seqstep: Any, tmp_path: Path) -> None:
    data, output = tmp_path / "data.csv", tmp_path / "next.csv"
    days = "".join(f"2024-02-{day:02d},{day / 10}\n" for day in range(1, 29))
    data.write_text("day,load\n" + days)
    options = ["forecast", "--horizon", "3", "--series", f"{data}:load", "--model", "mlp/1", "--anyway"]
    rows = document(seqstep(*options, "--json"))["forecast"]
    assert [row["time"][:10] for row in rows] == ["2024-02-29", "2024-03-01", "2024-03-02"]
    seqstep(*options, "--output", str(output)).ends(0, f"3 forecasts written to {output}")
    written = list(csv.DictReader(io.StringIO(output.read_text())))
    assert [row["day"][:10] for row in written] == ["2024-02-29", "2024-03-01", "2024-03-02"]
    assert [float(row["forecast"]) for row in written] == [row["forecast"] for row in rows]
    assert [path.name for path in tmp_path.iterdir()].count("next.csv") == 1


def test_forecasts_go_on_in_the_zone_of_the_file_and_from_a_column_with_a_colon(
    seqstep: Any, tmp_path: Path
) -> None:
    hours = pd.date_range("2020-10-24", periods=31, freq="h", tz="Europe/Berlin")
    rows = "".join(f"{hour.isoformat()},{at / 30}\n" for at, hour in enumerate(hours[:28]))
    (tmp_path / "data.csv").write_text(f"hour,load: MW\n{rows}")
    options = ["--horizon", "3", "--series", f"{tmp_path}/data.csv:load: MW", "--model", "mlp/1"]
    options.append("--anyway")
    found = document(seqstep("forecast", *options, "--json"))["forecast"]
    assert [row["time"] for row in found] == [str(hour) for hour in hours[28:]]


@pytest.mark.filterwarnings("error")
def test_values_that_a_model_can_not_go_on_from_are_refused(seqstep: Any, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("load\n" + "1.7e308\n-1.7e308\n" * 20)
    refused = seqstep("forecast", "--series", f"{data}:load", "--model", "mlp/1", "--anyway")
    refused.ends(2, "expected values that seqstep-mlp version 1", "got some up to 1.7e+308, far beyond")
    assert refused.out == "" and len(refused.err.splitlines()) == 2


def test_a_folder_is_no_place_for_forecasts_and_stays_as_it_is(seqstep: Any, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    seqstep("forecast", "--output", str(folder)).ends(2, f"at {folder}, got: Is a directory; set --output to")
    assert list(tmp_path.iterdir()) == [folder]
