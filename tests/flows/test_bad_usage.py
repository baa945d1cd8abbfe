"""What the user must change: a command, a setting, a model that is not there; and how that is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from stagecraft.files.home import Home


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("rnu", ["invalid choice: 'rnu'", "run", "see `seqstep --help`"]),
        ("", ["the following arguments are required: COMMAND"]),
        ("run --untill vocab", ["--untill", "see `seqstep --help`"]),
        ("config --config a.toml --config b.toml", ["--config is given twice; give it once"]),
        ("plan --flow text --flow series", ["--flow is given twice"]),
        ("plan --from verify --from vocab", ["--from is given twice; give it once"]),
        ("sweep --grid seed=1,2 --metric a --metric b", ["--metric is given twice"]),
        ("run --log-file a --log-file b", ["--log-file is given twice"]),
        ("run quik", ["there is no profile 'quik'; did you mean quick?"]),
        ("config quik", ["there is no profile 'quik'; did you mean quick?"]),
        ("run --until verfy", ["there is no stage 'verfy'; did you mean verify?"]),
        ("run --set rnn.epoch=5", ["there is no setting rnn.epoch; did you mean rnn.epochs?"]),
        ("plan --set corpus.path=~nosuchuser/x", ["expected a file, got '~nosuchuser/x'", "no such user"]),
        ("run --set rnn.epochs", ["expected KEY=VALUE, such as rnn.epochs=500, got 'rnn.epochs'"]),
        (
            "run --set rnn.tokens=chars",
            ["rnn.tokens can't be 'chars'", "'char' or 'word'", "what the models"],
        ),
        ("run --set rnn.batch=0", ["rnn.batch can't be '0'", "greater than 0", "sequences per minibatch"]),
        ("run --set rnn.steps=-5", ["rnn.steps can't be '-5'", "greater than 0"]),
        ("run --set rnn.hidden=0 mlp.window=-1", ["mlp.window can't be '-1'", "; rnn.hidden can't be '0'"]),
        ("run --set series.points=0", ["series.points can't be '0'", "length of the sine"]),
        ("run --set forecast.horizons=0,4", ["forecast.horizons can't be '0'", "steps ahead (k)"]),
        ("run --set forecast.horizons=", ["forecast.horizons can't be", "at least 1 item"]),
        ("run --set corpus.sha1=xyz", ["corpus.sha1 can't be 'xyz'", "40 hexadecimal digits"]),
        ("run --set mlp.learning_rate=nan", ["mlp.learning_rate can't be 'nan'", "finite number"]),
        ("runs --limit 0", ["--limit: expected a whole number from 1, got '0'"]),
        ("runs --limit=-1", ["--limit: expected a whole number from 1, got '-1'"]),
        ("up --prefect-port 70000", ["--prefect-port: expected a port from 1 to 65535, got '70000'"]),
        ("up --mlflow-port x", ["--mlflow-port: expected a port from 1 to 65535, got 'x'"]),
        ("serve --port 0", ["--port: expected a port from 1 to 65535, got '0'"]),
        ("promote --min-gain abc", ["--min-gain: expected a share below 1, such as 0.01", "got 'abc'"]),
        ("run --config /nowhere.toml", ["the configuration /nowhere.toml can't be read: No such file"]),
    ],
)
def test_a_wrong_command_or_setting_is_refused_before_anything_runs(
    argv: str, words: list[str], seqstep: Any, home: Home
) -> None:
    before = home.database.read_bytes()
    result = seqstep(*argv.split())
    result.ends(2, "seqstep: ", *words)
    assert result.out == "" and len(result.err.splitlines()) <= 2
    assert home.database.read_bytes() == before


@pytest.mark.parametrize("argv", ["run --only", "run --force", "plan --only", "plan --force", "sweep --only"])
def test_stages_that_are_named_one_by_one_all_count(argv: str) -> None:
    from seqstep_cli.main import PROGRAM
    from stagecraft.cli.main import build_parser

    command, option = argv.split()
    args = vars(build_parser(PROGRAM).parse_args([command, option, "vocab", option, "ngrams", "series"]))
    assert args[option.strip("-")] == ["vocab", "ngrams", "series"]


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        (
            "MLFLOW_TRACKING_URI=foo://me:PW@bar",
            ["expected MLFLOW_TRACKING_URI to start with", "sqlite"],
        ),
        (f"{'SEQSTEP_HOME'}=~nosuchuser/x", [f"expected a folder in {'SEQSTEP_HOME'}", "no such user"]),
    ],
)
def test_a_variable_that_leads_nowhere_is_refused_in_words(
    variable: str, words: list[str], seqstep: Any, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(*variable.split("=", 1))
    result = seqstep("runs")
    result.ends(2, "seqstep: ", *words)
    assert "PW" not in result.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["generate", "--prefix", "time"], ["there is no model seqstep-rnn in {store}", "`seqstep run`"]),
        (["score", "time"], ["there is no model seqstep-rnn in {store}", "`seqstep run`"]),
        (["forecast"], ["there is no model seqstep-mlp in {store}", "`seqstep run`"]),
        (["generate", "--prefix", "a", "--model", "foo"], ["there is no model seqstep-foo in {store}"]),
        (["generate", "--prefix", "a", "--model", "rnn/99"], ["there is no model seqstep-rnn in {store}"]),
        (["score", "a", "--model", "rnn/x"], ["NAME, NAME/VERSION or NAME@ALIAS", "got 'rnn/x'"]),
    ],
)
def test_a_model_that_is_not_there_is_refused_in_words(
    argv: list[str], words: list[str], seqstep: Any, home: Home
) -> None:
    seqstep(*argv).ends(2, *[word.format(store=home.store) for word in words])


def test_an_address_of_another_machine_is_refused_in_words(seqstep: Any, home: Home) -> None:
    seqstep("up", "--host", "192.0.2.1").ends(
        2, "expected prefect to listen at 192.0.2.1, port 4200, got: Cannot assign", "choose another with"
    )


@pytest.mark.parametrize("blank", ["", " "])
def test_the_command_to_run_first_tells_nobody_who_is_told_of_failures(
    blank: str, seqstep: Any, home: Home
) -> None:
    hook = f"{blank}notify.webhook=https://chat/SECRET"
    result = seqstep("plan", "--only", "vocab", "--set", hook, "rnn.epochs=2")
    result.ends(2, "first run `seqstep run quick --set rnn.epochs=2 --until tokenize`")
    assert "notify" not in result.err and "SECRET" not in result.err


@pytest.mark.parametrize("setting", ["corpus.path", "series.path"])
def test_an_address_in_the_place_of_a_file_ends_before_anything_is_recorded(
    setting: str, seqstep: Any, home: Home, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    result = seqstep("run", "--log-file", str(log), "--set", f"{setting}=https://me:PW@h/x?token=SECRET")
    result.ends(2, f"{setting} can't be 'https://***@h/x?token=***': it should be a file")
    said = result.out + result.err + (log.read_text() if log.exists() else "")
    assert "PW" not in said and "SECRET" not in said
    assert list(home.private.rglob("*.db")) == [] and b"SECRET" not in (home.root / "mlflow.db").read_bytes()


@pytest.mark.parametrize(
    "command",
    ["generate --prefix time --json", "rnu --json", "plan --untill vocab --json", "run --json --only"],
)
def test_with_json_an_error_is_one_document_too(seqstep: Any, home: Home, command: str) -> None:
    result = seqstep(*command.split())
    assert set(json.loads(result.out)) == {"error", "exit_status"}
    assert json.loads(result.out)["exit_status"] == result.status == 2
    assert result.err == f"seqstep: {json.loads(result.out)['error']}\n"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("series.points=4", ["expected a window of 1 to 3", "a series of 4, got 4; set mlp.win"]),
        ("mlp.window=1000", ["expected a window of 1 to 999", "got 1000; set mlp.window"]),
        ("series.points=9", ["series of 9 values", "mlp.train_share=0.6; take a longer series"]),
        (
            "forecast.horizons=1,997",
            ["horizons of up to 396 steps beside one of 1", "got 997, which leaves no value to test on"],
        ),
    ],
)
def test_a_window_or_horizon_that_does_not_fit_is_refused_before_anything_is_trained(
    setting: str, words: list[str], seqstep: Any, failed: Any
) -> None:
    result = seqstep("run", "--until", "evaluate_forecasts", "--set", setting, "mlp.epochs=1")
    result.ends(2, "series failed", "train_mlp skipped", *words)
    failed("series", *words)


@pytest.mark.parametrize("argv", [["run"], ["generate", "--prefix", "time"], ["stages"]])
def test_a_home_that_can_not_be_written_is_refused_in_words(
    argv: list[str], seqstep: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SEQSTEP_HOME", str(tmp_path / "file" / "home"))
    seqstep(*argv).ends(
        2, f"be written at {tmp_path}/file/home, got: Not a directory; set {'SEQSTEP_HOME'} to"
    )
