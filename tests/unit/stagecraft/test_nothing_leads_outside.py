"""Addresses and records, wherever they come from, lead nowhere outside of what they belong to."""

import hashlib
import json
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from pydantic import ValidationError

from stagecraft.cache.checkpoints import Checkpoints
from stagecraft.cache.checks import Checks
from stagecraft.cache.result import Kept, Result
from stagecraft.cache.results import Results
from stagecraft.errors import ArtifactError, TrackingError
from stagecraft.files.artifact import Artifact
from stagecraft.files.home import Home
from stagecraft.files.whole import inside
from stagecraft.key.parts import Parts
from stagecraft.mlflow import Registry, Tracker

SECRET = b"of somebody else"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file beside the home."""
    path = tmp_path / "outside.txt"
    path.write_bytes(SECRET)
    return path


def artifact(uri: str) -> Artifact:
    return Artifact(uri=uri, sha256=hashlib.sha256(SECRET).hexdigest(), bytes=len(SECRET), kind="text/plain")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd", "a\0b", ".."])
def test_a_path_that_leads_out_of_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ArtifactError, match="which leads out of it"):
        inside(tmp_path, path)


@pytest.mark.parametrize("path", ["", "x", "a/b.txt", "a..b/..c"])
def test_a_path_below_its_folder_is_taken_as_it_is(tmp_path: Path, path: str) -> None:
    assert inside(tmp_path, path) == tmp_path / path


@pytest.mark.parametrize("up", ["../../../../outside.txt", "a/../../../../../outside.txt"])
def test_an_address_does_not_lead_out_of_its_run(home: Home, outside: Path, up: str) -> None:
    tracker = Tracker(home)
    run_id = tracker.start_run("train", {})
    for find in (tracker.local_path, tracker.keep):
        with pytest.raises(ArtifactError, match="which leads out of it"):
            find(artifact(f"runs:/{run_id}/{up}"))
    with pytest.raises(ArtifactError, match="which leads out of it"):
        tracker.open_uri(f"runs:/{run_id}/{up}")
    assert outside.read_bytes() == SECRET


@pytest.mark.parametrize("uri", ["file://{path}", "{path}", "", "http://127.0.0.1/x"])
def test_a_bare_address_is_one_of_mlflows(home: Home, outside: Path, uri: str) -> None:
    with pytest.raises(ArtifactError, match="expected the address of an artifact in MLflow"):
        Tracker(home).open_uri(uri.format(path=outside))


def test_the_files_of_a_model_that_was_registered_from_elsewhere_are_not_read(
    home: Home, outside: Path
) -> None:
    tracker = Tracker(home)
    tracker.client.create_registered_model("seqstep-rnn")
    tracker.client.create_model_version("seqstep-rnn", outside.parent.as_uri())
    registry = Registry(tracker)
    with pytest.raises(ArtifactError, match="got one made elsewhere"):
        registry.parts(registry.find("seqstep-rnn", ""))


def test_what_is_fetched_stays_below_the_downloads(home: Home) -> None:
    uri = "runs:/../../../outside.txt"
    with pytest.raises(ArtifactError, match="which leads out of it"):
        Tracker(home).fetch(Kept(**artifact(uri).model_dump(), place="mlflow-artifacts:/0/x"))


@pytest.mark.parametrize(("listed", "error"), [(["a.txt"], TrackingError), (["b.txt"], ArtifactError)])
def test_what_can_not_be_fetched_is_gone_only_if_the_server_does_not_list_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, listed: list[str], error: type[Exception]
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> str:
        raise MlflowException("500 Server Error")

    def entries(artifact_uri: str, **_kwargs: Any) -> list[FileInfo]:
        assert artifact_uri == "mlflow-artifacts:/0/r/artifacts/sub"
        return [FileInfo(f"sub/{name}", False, 1) for name in listed]

    tracker = Tracker(home)
    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", fail)
    monkeypatch.setattr(mlflow.artifacts, "list_artifacts", entries)
    place = "mlflow-artifacts:/0/r/artifacts/sub/a.txt"
    with pytest.raises(error, match="500 Server Error"):
        tracker.fetch(Kept(**artifact("runs:/r/sub/a.txt").model_dump(), place=place))


def result(stage: str, key: str, *files: Kept) -> Result:
    return Result(
        stage=stage,
        key=key,
        parts=Parts(code={}, parameters={}, libraries={}),
        value={},
        artifacts=files,
        used={},
        run_id="r",
        seconds=1,
        figure="",
        drawing={},
        written="",
    )


@pytest.mark.parametrize(
    ("stage", "key"), [("../x", "x/1-1"), ("x", "../x"), ("x", "x/../../y"), ("x/y", "x/1-1"), ("x", "x")]
)
def test_a_record_names_no_stage_and_no_key_that_is_a_path(stage: str, key: str) -> None:
    with pytest.raises(ValidationError):
        result(stage, key)


def test_a_record_that_holds_the_result_of_another_key_is_no_result(home: Home) -> None:
    record = {"metadata": {}, "result": result("x", "x/1-1").model_dump_json()}
    path = home.results / "x" / "2-2"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    results = Results(home, lambda kept: Path(kept.place))
    found = results.find("x/2-2")
    assert not found.intact and found.flaw == "result damaged: x/2-2 (it holds the result of x/1-1)"
    assert "expected a path inside of" in results.find("../../outside.txt").flaw


def test_a_changed_file_is_set_aside_only_if_it_really_lies_in_the_home(home: Home, outside: Path) -> None:
    checks = Checks(home, lambda kept: Path(kept.place))
    place = home.artifacts / ".." / ".." / outside.name
    changed = artifact("runs:/r/x").model_copy(update={"sha256": "0" * 64})
    checks.set_aside([Kept(**changed.model_dump(), place=str(place))])
    assert outside.read_bytes() == SECRET


def test_a_checkpoint_consists_of_files_in_its_own_folder(home: Home, outside: Path) -> None:
    folder = home.checkpoints / "train" / "abc" / "00000005"
    folder.mkdir(parents=True)
    files = {f"../../../../../{outside.name}": hashlib.sha256(SECRET).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"run_id": "r", "files": files}))
    assert Checkpoints(folder.parent, "r").furthest(10) is None
