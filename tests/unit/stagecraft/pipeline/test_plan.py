"""What a plan says: what would run and why, after each kind of change."""

from pathlib import Path
from typing import Any

import pytest

from stagecraft.errors import SelectionError
from stagecraft.key import libraries
from stagecraft.pipeline.selection import Selector

CACHED = ("cached", "")
AFTER_ADD, AFTER_GATHER = ("may_run", "after add"), ("may_run", "after gather")


def artifact(works: Any, stage: str, name: str) -> Path:
    """Find an artifact of a stage's latest result."""
    result = works.results.find(works.results.latest(stage).key).result
    return next(Path(kept.place) for kept in result.artifacts if kept.name == name)


def uri(works: Any, stage: str, name: str) -> str:
    result = works.results.find(works.results.latest(stage).key).result
    return next(str(kept.uri) for kept in result.artifacts if kept.name == name)


def everything(works: Any) -> dict[str, bytes]:
    """Read all that lies in a home, but for MLflow's database and locks."""
    files = (path for path in works.home.root.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path): path.read_bytes() for path in files if not path.name.startswith("mlflow.db")}


def test_in_a_home_without_results_every_stage_would_run_for_the_first_time(workshop: Any) -> None:
    plan = workshop.plan()
    assert [intent.name for intent in plan.intents] == ["gather", "add", "page"]
    assert {(intent.state, intent.reason) for intent in plan.intents} == {("would_run", "first run")}
    assert [intent.seconds for intent in plan.intents] == [None] * 3
    # The key is known only of the stage that waits for none.
    assert [bool(intent.key) for intent in plan.intents] == [True, False, False]
    assert not plan.is_done and plan.results == {}


def test_after_a_run_every_stage_is_cached(ran: Any) -> None:
    plan = ran.plan()
    assert ran.said() == dict.fromkeys(["gather", "add", "page"], CACHED) and plan.is_done
    latest = {name: ran.results.latest(name).key for name in ("gather", "add", "page")}
    assert {intent.name: intent.key for intent in plan.intents} == latest
    assert {name: result.key for name, result in plan.results.items()} == latest
    runs = {intent.name: intent.run_id for intent in plan.intents}
    assert runs == {name: result.run_id for name, result in plan.results.items()}
    assert {(intent.seconds, intent.notices) for intent in plan.intents} == {(0.0, ())}


def test_a_plan_changes_nothing(ran: Any) -> None:
    before = everything(ran)
    artifact(ran, "add", "sums.toml").write_text("changed")
    damaged = everything(ran)
    assert before != damaged
    ran.plan()
    ran.plan(words=5)
    assert everything(ran) == damaged


@pytest.mark.parametrize(
    ("module", "old", "new", "stage", "reason"),
    [
        ("stages", '"word "', '"words "', "gather", "code changed: {}.stages.gather"),
        ("sums", "+=", "-=", "add", "code changed: {}.sums.Adder.run"),
        ("outputs", "table: Artifact", "table: Artifact | None", "add", "code changed: {}.outputs.Sums"),
        ("stages", 'f"{title}: ', 'f"{title} - ', "page", "code changed: {}.stages.page"),
    ],
)
def test_code_that_changed_is_named_and_what_comes_after_may_run(
    ran: Any, module: str, old: str, new: str, stage: str, reason: str
) -> None:
    ran.edit(module, old, new)
    said = ran.said()
    assert said[stage] == ("would_run", reason.format(ran.package))
    names = ["gather", "add", "page"]
    before, after = names[: names.index(stage)], names[names.index(stage) + 1 :]
    assert [said[name] for name in before] == [CACHED] * len(before)
    if module != "outputs":  # the page is written from the sums' model, so it would run for itself
        assert [said[name][0] for name in after] == ["may_run"] * len(after)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("stages", '"""Sum up."""', '"""Add up, carefully."""'),
        ("stages", "    adder.done =", "    # a comment\n    adder.done = "),
        ("stages", "at most", "no more than"),
        ("sums", "tomlkit.dumps({", "tomlkit.dumps(\n        {"),
        ("stages", '"of sums"', '"of money"'),
        ("settings", "weight: float = 1.0", "weight: float = 1.00"),
        ("outputs", '"""A page."""', '"""One page."""'),
    ],
)
def test_what_no_result_depends_on_leaves_every_stage_cached(
    ran: Any, module: str, old: str, new: str
) -> None:
    ran.edit(module, old, new)
    assert ran.said() == dict.fromkeys(["gather", "add", "page"], CACHED)


def test_another_drawing_leaves_a_stage_cached_and_says_so(ran: Any) -> None:
    ran.edit("drawing", "drawn in blue", "drawn in red")
    notices = {intent.name: intent.notices for intent in ran.plan().intents}
    assert ran.plan().is_done and notices["gather"] == notices["page"] == ()
    name = f"{ran.package}.drawing.draw"
    assert notices["add"] == (f"drawn before a change of {name}; --force add draws it anew",)


@pytest.mark.parametrize(
    ("changes", "stage", "reason"),
    [
        ({"words": 5}, "gather", "parameter changed: config.words 4 → 5"),
        ({"limit": 9}, "gather", "parameter changed: config.limit 100 → 9"),
        ({"weight": 0.5}, "add", "parameter changed: sums.weight 1.0 → 0.5"),
        ({"device": "cuda"}, "add", "parameter changed: device cpu → cuda"),
        ({"title": "All"}, "page", "parameter changed: title Sums → All"),
    ],
)
def test_a_parameter_that_changed_is_named_with_both_values(
    ran: Any, changes: dict[str, Any], stage: str, reason: str
) -> None:
    said = ran.said(**changes)
    assert said[stage] == ("would_run", reason)
    names = ["gather", "add", "page"]
    waits = {names[number]: ("may_run", f"after {names[number - 1]}") for number in (1, 2)}
    expected = {name: CACHED if names.index(name) < names.index(stage) else waits.get(name) for name in names}
    assert said == {**expected, stage: said[stage]}


@pytest.mark.parametrize("changes", [{"patience": 9}, {"colour": "red"}, {"every": 2}, {"unused": "x"}])
def test_a_parameter_that_no_result_depends_on_changes_nothing(ran: Any, changes: dict[str, Any]) -> None:
    assert ran.plan(**changes).is_done


def test_several_reasons_are_told_and_many_are_shortened(ran: Any) -> None:
    said = ran.said(words=5, limit=9)["gather"][1]
    assert said == "parameter changed: config.limit 100 → 9; parameter changed: config.words 4 → 5"
    ran.edit("stages", '"word "', '"words "')
    said = ran.said(words=5, limit=9, path=str(Path(__file__)))["gather"][1]
    assert said.startswith(f"code changed: {ran.package}.stages.gather; parameter changed: config.limit")
    assert said.count("; ") == 3 and said.endswith("; and 2 more")


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have newer versions of all libraries."""
    monkeypatch.setattr(libraries, "_versions", lambda module: {module: "999"})


def test_a_library_that_changed_is_named_with_both_versions(ran: Any, newer: None) -> None:
    said = ran.said()
    state, reason = said["add"]
    assert state == "would_run" and reason.startswith("library changed: tomlkit ")
    assert reason.endswith(" → 999") and said["gather"] == CACHED and said["page"] == AFTER_ADD


def test_a_users_file_that_changed_is_named(workshop: Any, in_prefect: None, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("one two")
    workshop.run(path=str(path))
    assert workshop.plan(path=str(path)).is_done
    path.write_text("one two three")
    assert workshop.said(path=str(path)) == {
        "gather": ("would_run", "input changed: mine.txt"),
        "add": AFTER_GATHER,
        "page": AFTER_ADD,
    }
    path.write_text("one two")
    assert workshop.plan(path=str(path)).is_done
    path.unlink()
    assert workshop.said(path=str(path))["gather"] == ("would_run", f"file missing: {path}")


def test_an_input_that_another_result_replaced_is_named_with_its_stage(ran: Any) -> None:
    latest = ran.results.latest("add")
    other = latest.parts.model_copy(update={"inputs": {"words": "of another text"}})
    kept = ran.results.find(latest.key).result.model_copy(update={"parts": other, "key": other.key("add")})
    ran.results.path(latest.key).rename(ran.results.path(kept.key))
    ran.results.remember(kept)
    assert ran.said() == {
        "gather": CACHED,
        "add": ("would_run", "input changed: words from gather"),
        "page": AFTER_ADD,
    }


@pytest.mark.parametrize(
    ("stage", "name"),
    [("gather", "words.txt"), ("add", "sum.png"), ("add", "key.json"), ("page", "page.txt")],
)
def test_a_missing_or_changed_artifact_is_named_by_its_address(ran: Any, stage: str, name: str) -> None:
    address, path = uri(ran, stage, name), artifact(ran, stage, name)
    path.write_bytes(path.read_bytes() + b"!")
    assert ran.said()[stage] == ("would_run", f"artifact changed: {address}")
    path.unlink()
    said = ran.said()
    assert said[stage] == ("would_run", f"artifact missing: {address}")
    after = {"gather": [AFTER_GATHER, AFTER_ADD], "add": [AFTER_ADD], "page": []}[stage]
    assert list(said.values())[-len(after) :] == after if after else [*said][-1] == stage


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff"])
def test_an_unreadable_record_is_told(ran: Any, content: bytes) -> None:
    key = ran.results.latest("add").key
    ran.results.path(key).write_bytes(content)
    state, reason = ran.said()["add"]
    assert state == "would_run" and reason.startswith(f"result damaged: {key} (")


def test_a_record_that_is_gone_though_nothing_changed_is_not_kept(ran: Any) -> None:
    ran.results.path(ran.results.latest("add").key).unlink()
    assert ran.said() == {
        "gather": CACHED,
        "add": ("would_run", "no result is kept"),
        "page": AFTER_ADD,
    }


def test_a_stage_after_an_open_one_may_run_only_if_a_record_fits_it(ran: Any) -> None:
    assert ran.said(words=5)["add"] == AFTER_GATHER
    # No result of any words was summed with this weight.
    said = ran.said(words=5, weight=0.5)
    assert said["add"] == ("would_run", "parameter changed: sums.weight 1.0 → 0.5")
    assert said["page"] == AFTER_ADD
    ran.results.path(ran.results.latest("add").key).unlink()
    assert ran.said(words=5)["add"] == ("would_run", "no result is kept")


@pytest.mark.parametrize(
    ("selector", "forced"),
    [
        (Selector(force=("add",)), {"add"}),
        (Selector(force=("gather", "page")), {"gather", "page"}),
        (Selector(since="add"), {"add", "page"}),
        (Selector(since="gather"), {"gather", "add", "page"}),
    ],
)
def test_what_is_forced_would_run_though_it_is_cached(ran: Any, selector: Selector, forced: set[str]) -> None:
    said = ran.said(selector)
    assert {name for name, told in said.items() if told == ("would_run", "forced")} == forced
    for name, before in {"add": "gather", "page": "add"}.items():
        if name not in forced and said[before] != CACHED:
            assert said[name] == ("may_run", f"after {before}")
    assert "gather" in forced or said["gather"] == CACHED


def test_a_stage_that_would_run_is_expected_to_take_as_long_as_the_last_time(ran: Any) -> None:
    expected = ran.results.latest("add").seconds
    assert expected > 0
    for plan in (ran.plan(weight=0.5), ran.plan(Selector(force=("add",)))):
        assert {intent.name: intent.seconds for intent in plan.intents}["add"] == expected
    assert [intent.seconds for intent in ran.plan().intents] == [0.0] * 3


def test_only_a_stage_is_planned_alone_with_what_it_needs_at_hand(ran: Any) -> None:
    plan = ran.plan(Selector(only=("page",), force=("page",)))
    assert [(intent.name, intent.state) for intent in plan.intents] == [("page", "would_run")]
    assert {"add"} <= plan.results.keys()
    (intent,) = ran.plan(Selector(only=("page",)), title="All").intents
    assert intent.reason == "parameter changed: title Sums → All"
    old, new = ran.results.latest("page").key, str(intent.key)
    assert old != new and old.rpartition("-")[2] == new.rpartition("-")[2]  # of the same input


def test_only_a_stage_whose_input_is_not_cached_says_what_to_run_first(ran: Any, workshop: Any) -> None:
    path, address = artifact(ran, "add", "sums.toml"), uri(ran, "add", "sums.toml")
    path.unlink()
    with pytest.raises(SelectionError) as refused:
        ran.plan(Selector(only=("page",)))
    assert str(refused.value) == (
        f"page needs what is not cached: add (artifact missing: {address}); first run `small run --until add`"
    )
    assert refused.value.exit_status == 2
    with pytest.raises(SelectionError, match=r"add needs .*: gather \(first run\); first run .*--until gath"):
        workshop.plan(Selector(only=("add",)))
    with pytest.raises(SelectionError, match=r"add \(parameter changed: sums.weight 1.0 → 2.0\)"):
        ran.plan(Selector(only=("page",)), weight=2.0)


def test_only_a_stage_needs_of_those_behind_its_inputs_no_more_than_their_records(ran: Any) -> None:
    artifact(ran, "gather", "words.txt").unlink()
    said = ran.said(Selector(only=("page",), force=("page",)))
    assert said == {"page": ("would_run", "forced")}
    assert ran.said(Selector(only=("page",))) == {"page": CACHED}
    # But what a stage is given it reads.
    with pytest.raises(SelectionError, match=r"add needs what is not cached: gather \(artifact missing: "):
        ran.plan(Selector(only=("add",)))
    # Without the record nobody knows what the sums were made of.
    ran.results.path(ran.results.latest("gather").key).unlink()
    with pytest.raises(SelectionError, match=r"page needs what is not cached: add \(after gather\); first r"):
        ran.plan(Selector(only=("page",)))


def test_until_leaves_out_what_comes_after(ran: Any) -> None:
    assert list(ran.said(Selector(until="add"), words=5)) == ["gather", "add"]
    assert ran.said(Selector(since="add", until="add")) == {"gather": CACHED, "add": ("would_run", "forced")}


def test_several_stages_that_only_wait_for_each_other_are_planned_together(ran: Any) -> None:
    said = ran.said(Selector(only=("add", "page"), force=("add",)))
    assert said == {"add": ("would_run", "forced"), "page": AFTER_ADD}


def test_a_plan_of_a_big_home_looks_at_no_more_than_what_it_needs(ran: Any) -> None:
    """A record of another key is not read, be it garbage."""
    folder = ran.home.results / "add"
    for number in range(50):
        (folder / f"{number:016x}-{number:016x}").write_bytes(b"garbage")
    assert len(ran.results.all()) == 53 and ran.plan().is_done
