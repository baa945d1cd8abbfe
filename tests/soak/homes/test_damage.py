"""Whatever is damaged in a home: `plan` names it, `run` recovers it, and nothing runs that need not."""

import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.walk import graph
from seqstep.settings.config import Config
from stagecraft.cache.result import Result
from tests.soak.project import TINY, Project, name_of

GRAPH = graph(Config())


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip_a_bit(path: Path) -> None:
    """Change one bit in the middle, and neither the size nor the time."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def record_of_another_stage(path: Path) -> Path:
    """Find what to put in its place: the record of `download`, in that one's place that of `verify`.

    In one round, so, no two records are exchanged for each other.
    """
    other = "verify" if path.parent.name == "download" else "download"
    return next(path.parent.parent.glob(f"{other}/*-*"))


ARTIFACTS: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "truncated": truncate,
    "one bit flipped": flip_a_bit,
}
RECORDS: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "truncated": truncate,
    "emptied": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"\x00\xffgarbage"),
    "another document": lambda path: path.write_text("{}"),
    "another stage's": lambda path: path.write_bytes(record_of_another_stage(path).read_bytes()),
}


class Damage(NamedTuple):
    """What is done to one file of a stage's result.

    Attributes:
        name: of an artifact; empty for the record itself.
    """

    stage: str
    name: str
    how: str


class Damaged:
    """A home in which the whole pipeline ran, in this process, to be damaged and to recover."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.counts: Counter[str] = Counter()
        assert set(self.states("run").values()) == {"completed"}
        self.artifacts = project.artifacts()

    def call(self, *argv: str, status: int = 0) -> dict[str, Any]:
        """Run a command; return the document that it prints."""
        from seqstep_cli.main import main

        with redirect_stdout(io.StringIO()) as out:
            assert main([*argv, "--json"]) == status, out.getvalue()
        document: dict[str, Any] = json.loads(out.getvalue())
        return document

    def states(self, command: str) -> dict[str, str]:
        """Run a command on the whole pipeline; return the state of each stage."""
        return {stage["name"]: stage["state"] for stage in self.call(command, "--set", *TINY)["stages"]}

    def all_damages(self) -> list[Damage]:
        """List all that can be done to a file, or to a record, of this home."""
        return [
            *(
                Damage(result.stage, name_of(file), how)
                for result in self.project.results()
                for file in result.artifacts
                for how in ARTIFACTS
                if not file.uri.startswith("file:") and (file.bytes or how == "deleted")
            ),
            *(Damage(result.stage, "", how) for result in self.project.results() for how in RECORDS),
        ]

    def check(self, damages: Iterable[Damage]) -> None:
        """Do damage to stages of which none depends on another one; see that all is found and repaired."""
        known = {result.stage: result for result in self.project.results()}
        reasons = {damage.stage: self._do(damage, known[damage.stage]) for damage in damages}
        after = {name for stage in reasons for name in GRAPH.since(stage)} - set(reasons)
        for stage in self.call("plan", "--set", *TINY)["stages"]:
            name, state = stage["name"], stage["state"]
            if name in reasons:
                assert state == "would_run" and reasons[name] in stage["reason"]
            else:
                assert state == "cached" or (state == "may_run" and name in after)
        ran = {name for name, state in self.states("run").items() if state == "completed"}
        assert ran == set(reasons)
        assert self.project.artifacts() == self.artifacts
        self.counts.update(f"{'artifact' if damage.name else 'record'} {damage.how}" for damage in damages)

    def _do(self, damage: Damage, result: Result) -> str:
        """Do damage; return what the plan is to say of it."""
        if not damage.name:
            RECORDS[damage.how](self.project.home.results / result.key)
            return "no result is kept" if damage.how == "deleted" else f"result damaged: {result.key}"
        file = next(file for file in result.artifacts if name_of(file) == damage.name)
        ARTIFACTS[damage.how](Path(file.place))
        return f"artifact {'missing' if damage.how == 'deleted' else 'changed'}: {file.uri}"


@pytest.fixture(scope="module")
def damaged(
    tell: Callable[[str], None],
    prefect_server: str,
    empty_database: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Damaged]:
    """A home to be damaged; what was done to it is printed at the end."""
    project = Project(tmp_path_factory.mktemp("damaged") / "home", prefect_server, empty_database)
    with (
        pytest.MonkeyPatch.context() as patch,
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),  # see tests/flows/conftest.py
    ):
        patch.setenv("SEQSTEP_HOME", str(project.home.root))
        patch.setenv("MLFLOW_TRACKING_URI", "")
        damaged = Damaged(project)
        yield damaged
    told = ", ".join(f"{how}: {count}" for how, count in sorted(damaged.counts.items()))
    tell(f"{damaged.counts.total()} damages found and repaired; {told}")


def in_rounds(damages: Iterable[Damage]) -> Iterator[list[Damage]]:
    """Do as much as possible at once, but never to two stages of which one depends on the other."""
    waiting: dict[str, list[Damage]] = {}
    for damage in damages:
        waiting.setdefault(damage.stage, []).append(damage)
    while any(waiting.values()):
        chosen: list[Damage] = []
        for stage in sorted(waiting, key=lambda stage: -len(waiting[stage])):
            others = {other.stage for other in chosen}
            if waiting[stage] and not others & (GRAPH.until(stage) | GRAPH.since(stage)):
                chosen.append(waiting[stage].pop())
        yield chosen


def test_a_damaged_artifact_is_named_and_recovered_and_nothing_else_runs(damaged: Damaged) -> None:
    weights = "artifacts/weights.safetensors"
    damaged.check(
        [
            Damage("train_rnn", weights, "one bit flipped"),
            Damage("ngrams", "most_common.csv", "truncated"),
            Damage("series", "plots/series.png", "deleted"),
        ]
    )


def test_a_damaged_record_is_named_and_made_anew_and_nothing_else_runs(damaged: Damaged) -> None:
    damaged.check([Damage("tokenize", "", "truncated"), Damage("series", "", "garbage")])
    damaged.check([Damage("vocab", "", "another stage's"), Damage("series", "", "another stage's")])


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_every_artifact_and_every_record_is_named_and_recovered_and_nothing_else_runs(
    damaged: Damaged,
) -> None:
    damages = damaged.all_damages()
    rounds = list(in_rounds(damages))
    assert sorted(damage for chosen in rounds for damage in chosen) == sorted(damages)
    assert len(damages) > 600
    for chosen in rounds:
        damaged.check(chosen)


def test_a_note_of_the_latest_result_that_is_damaged_changes_nothing(damaged: Damaged) -> None:
    for path in damaged.project.home.latest.iterdir():
        path.write_bytes(b"\x00\xffgarbage")
    assert set(damaged.states("plan").values()) == set(damaged.states("run").values()) == {"cached"}


def test_every_file_of_the_store_is_named_by_a_result_or_belongs_to_a_run_that_was_superseded(
    damaged: Damaged,
) -> None:
    project = damaged.project
    named = {file.place for result in project.results() for file in result.artifacts}
    current = {result.run_id for result in project.results()}
    owners = dict(project.query("select model_id, source_run_id from logged_models"))
    statuses = project.statuses()
    # What Python makes of the code of a model when it is loaded is no part of it.
    files = [path for path in project.home.artifacts.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    for path in files:
        first, second, *_ = path.relative_to(project.home.artifacts).parts
        run_id = owners[second] if first == "models" else first
        assert str(path) in named or (run_id not in current and statuses[run_id] != "RUNNING"), path
    assert named - {str(path) for path in files} <= {file for file in named if "lighthouse" in file}


@pytest.mark.parametrize("inside", [True, False])
def test_a_users_own_file_is_never_moved_or_touched(
    damaged: Damaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    home = damaged.project.home
    root = home.root if inside else tmp_path
    mine, other = root / "mine" / "text.txt", root / "other" / "text.txt"
    for path in (mine, other):
        path.parent.mkdir()
        path.write_text("a text that somebody wrote, and wrote again\n" * 40)
    set_aside = sorted(home.damaged.glob("*"))

    def states() -> list[str]:
        document = damaged.call("run", "--until", "verify", "--set", "corpus.path=text.txt")
        return [stage["state"] for stage in document["stages"]]

    monkeypatch.chdir(mine.parent)
    assert states() == ["completed", "completed"]
    monkeypatch.chdir(other.parent)
    assert states() == ["cached", "cached"]
    # The results name the first file, which is another one now.
    mine.write_text("changed\n")
    before = (mine.stat().st_ino, mine.stat().st_mtime_ns)
    assert states() == ["completed", "completed"]
    assert (mine.read_text(), (mine.stat().st_ino, mine.stat().st_mtime_ns)) == ("changed\n", before)

    mine.unlink()
    assert states() == ["cached", "cached"]
    document = damaged.call("run", "--until", "verify", "--set", f"corpus.path={mine}", status=2)
    assert str(mine) in json.dumps(document) and not mine.exists()
    assert sorted(home.damaged.glob("*")) == set_aside
    shutil.rmtree(mine.parent)
    shutil.rmtree(other.parent)
