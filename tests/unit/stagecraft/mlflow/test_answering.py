"""Which version of a model answers: the named one, the data set's champion, what the latest run made."""

import pytest

from stagecraft.errors import ArtifactError
from stagecraft.mlflow import CHAMPION, Registry
from stagecraft.mlflow.answering import asked_data_of, find_answer
from stagecraft.mlflow.data_sets import champion_of, version_tags
from tests.unit.stagecraft.mlflow.conftest import NAME, Works


def run(works: Works, data: str, weights: str, is_by_user: bool = True) -> str:
    """Have a run of the pipeline that trains; return the run of its training."""
    parent = works.pipeline(data, is_by_user)
    record = works.stage(parent, weights)
    works.finished(record)
    works.end(parent)
    return record.run_id


def confirm(works: Works, data: str, training: str) -> None:
    """Have a run of the pipeline in which a training is cached."""
    parent = works.pipeline(data)
    tags = {"seqstep.stage": "train", "seqstep.cached_from": training}
    works.tracker.finish_run(works.tracker.start_run("train", tags, parent), "FINISHED")
    works.end(parent)


def answer(works: Works, wanted: str = "", data: str = "") -> tuple[str, str]:
    found = find_answer(Registry(works.tracker), NAME, "train", wanted, data)
    return found.version.number, found.why


def promote(works: Works, number: str, *aliases: str) -> None:
    registry = Registry(works.tracker)
    for alias in aliases:
        registry.set_alias(registry.find(NAME, number), alias, {}, "")


def test_without_a_champion_the_latest_run_answers_whether_it_trained_or_confirmed(works: Works) -> None:
    first = run(works, "a.txt", "one")
    assert answer(works) == ("1", "of the latest run on a.txt in this home")
    run(works, "b.txt", "two")
    assert answer(works) == ("2", "of the latest run on b.txt in this home")
    confirm(works, "a.txt", first)
    assert answer(works) == ("1", "of the latest run on a.txt in this home")


def test_the_champion_of_the_data_set_of_the_latest_run_answers_before_what_that_run_made(
    works: Works,
) -> None:
    run(works, "a.txt", "one")
    run(works, "a.txt", "two")
    run(works, "b.txt", "three")
    promote(works, "1", CHAMPION, champion_of("a.txt"))
    assert answer(works) == ("3", "of the latest run on b.txt in this home")
    assert answer(works, data="a.txt") == ("1", "the champion of a.txt")
    run(works, "a.txt", "four")
    promote(works, "3", CHAMPION, champion_of("b.txt"))
    assert answer(works) == ("1", "the champion of a.txt")
    assert answer(works, wanted=CHAMPION) == ("3", "it was named")


def test_the_version_that_is_named_answers_whatever_it_was_trained_on(works: Works) -> None:
    run(works, "a.txt", "one")
    run(works, "b.txt", "two")
    found = find_answer(Registry(works.tracker), NAME, "train", "1")
    assert (found.version.number, found.data, found.why) == ("1", "a.txt", "it was named")
    assert str(found) == (
        f"{NAME} version 1 (run {found.version.run_id[:8]}, trained on a.txt) answers: it was named"
    )


def test_runs_of_deployments_and_of_other_homes_do_not_say_what_is_asked_for(works: Works) -> None:
    run(works, "a.txt", "one")
    run(works, "b.txt", "two", is_by_user=False)
    assert answer(works) == ("1", "of the latest run on a.txt in this home")
    with pytest.raises(ArtifactError, match=r"got none of b\.txt; train one with `seqstep run`, or name"):
        answer(works, data="b.txt")


def test_a_run_that_failed_before_its_training_answers_with_nothing_of_another_data_set(works: Works) -> None:
    run(works, "a.txt", "one")
    works.end(works.pipeline('it\'s "b"\n.txt'), "FAILED")
    with pytest.raises(ArtifactError, match=r"such as echo/1 \(the newest, trained on a\.txt\)"):
        answer(works)
    run(works, 'it\'s "b"\n.txt', "two")
    assert answer(works)[0] == "2"


def test_without_any_run_that_says_its_data_a_version_is_to_be_named(works: Works) -> None:
    training = run(works, "", "one")
    with pytest.raises(ArtifactError, match="got no run in this home that trained one"):
        answer(works)
    assert answer(works, wanted="latest") == ("1", "it was named")
    promote(works, "1", CHAMPION)
    confirm(works, "a.txt", training)
    run(works, "a.txt", "two")
    assert answer(works) == ("1", "the champion of a.txt")


def test_an_alias_that_a_user_set_on_a_version_of_the_data_set_counts_where_that_has_none(
    works: Works,
) -> None:
    run(works, "a.txt", "one")
    run(works, "a.txt", "two")
    promote(works, "1", CHAMPION)
    assert answer(works) == ("1", "the champion of a.txt")


def test_a_data_set_that_is_called_otherwise_now_is_that_of_versions_that_were_confirmed_under_its_name(
    works: Works,
) -> None:
    training = run(works, "a.txt", "one")
    registry = Registry(works.tracker)
    version = registry.find(NAME, "1")
    assert asked_data_of(registry, NAME, "train", version) == "a.txt"
    confirm(works, "diary", training)
    assert asked_data_of(registry, NAME, "train", version) == "diary"
    assert answer(works)[1] == "of the latest run on diary in this home"
    run(works, "b.txt", "two")
    assert asked_data_of(registry, NAME, "train", version) == "a.txt"


def test_a_version_carries_the_name_of_its_data_and_digests_of_what_it_was_given(works: Works) -> None:
    parent = works.pipeline("a.txt")
    tags = {"seqstep.stage": "train", "seqstep.digest.tokens.ids": "abc"}
    run_id = works.tracker.start_run("train", tags, parent)
    assert version_tags(works.tracker, run_id) == {
        "seqstep.data": "a.txt",
        "seqstep.digest.tokens.ids": "abc",
    }


@pytest.mark.first_quick
@pytest.mark.parametrize("data", ["a.txt", "/home/x/ä ö.txt:load", "", "x" * 5000, "häuser"])
def test_each_data_set_has_an_alias_of_its_own(data: str, works: Works) -> None:
    run(works, data or "b", "one")
    promote(works, "1", champion_of(data))
    assert Registry(works.tracker).find(NAME, champion_of(data)).number == "1"
    assert champion_of(data) != champion_of(f"{data} ")
