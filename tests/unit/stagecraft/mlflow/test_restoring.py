"""What was deleted in MLflow's pages is registered again as it was, and only that."""

import shutil
from typing import Any

import pytest
from mlflow import MlflowClient

from stagecraft.mlflow import Registry
from stagecraft.mlflow.restoring import Restoring

NAME = "seqstep-echo"


@pytest.fixture
def client(works: Any) -> MlflowClient:
    """A store with two versions, the first of which is the champion."""
    parent = works.pipeline()
    for weights in ("one", "two"):
        works.finished(works.stage(parent, weights))
    works.promote("1")
    works.end(parent)
    return works.tracker.client


def restored(works: Any) -> tuple[list[int], list[str]]:
    """Put back what is missing; return its numbers and aliases."""
    restoring = Restoring(works.tracker)
    versions = restoring.missing_versions()
    for version in versions:
        restoring.register(version)
    aliases = Restoring(works.tracker).missing_aliases()
    for alias in aliases:
        restoring.give_alias(alias)
    return [version.number for version, _ in versions], [alias.alias for alias in aliases]


def state(works: Any) -> Any:
    registry = Registry(works.tracker)
    versions = sorted(registry.versions(NAME))
    return versions, [registry.tags(version) for version in versions], list(map(registry.folder, versions))


@pytest.mark.first_quick
@pytest.mark.parametrize(
    ("delete", "numbers", "aliases"),
    [
        (lambda client: None, [], []),
        (lambda client: client.delete_registered_model_alias(NAME, "champion"), [], ["champion"]),
        (lambda client: client.delete_model_version(NAME, "2"), [2], []),
        (lambda client: client.delete_model_version(NAME, "1"), [1], ["champion"]),
        (lambda client: client.delete_registered_model(NAME), [1, 2], ["champion"]),
    ],
)
def test_what_was_deleted_comes_back_under_its_number(
    works: Any, client: MlflowClient, delete: Any, numbers: list[int], aliases: list[str]
) -> None:
    before = state(works)
    delete(client)
    assert restored(works) == (numbers, aliases)
    assert state(works) == before and restored(works) == ([], [])
    assert client.get_model_version_by_alias(NAME, "champion").description == "Because 1."


def test_a_logged_model_that_was_deleted_comes_back_with_its_version(
    works: Any, client: MlflowClient
) -> None:
    before = state(works)
    client.delete_model_version(NAME, "2")
    client.delete_logged_model(before[0][1].model_id)
    assert restored(works)[0] == [2] and state(works) == before


@pytest.mark.parametrize("is_purged", [False, True])
def test_logged_models_that_were_deleted_come_back_as_they_were(
    works: Any, client: MlflowClient, is_purged: bool
) -> None:
    def everything() -> Any:
        models = [client.get_logged_model(version.model_id) for version in before[0]]
        return [model.to_dictionary() | {"last_updated_timestamp": 0} for model in models]

    before = state(works)
    models = everything()
    for version in before[0]:
        client.delete_logged_model(version.model_id)
        if is_purged:
            client._tracking_client.store._hard_delete_logged_model(version.model_id)
    lost = Restoring(works.tracker).missing_models()
    assert [model.model_id for model in lost] == [version.model_id for version in before[0]]
    for model in lost:
        Restoring(works.tracker).restore_model(model)
    assert Restoring(works.tracker).missing_models() == []
    assert everything() == models and state(works) == before


def test_a_logged_model_stays_deleted_whose_files_are_gone(works: Any, client: MlflowClient) -> None:
    first, _ = state(works)[0]
    client.delete_logged_model(first.model_id)
    shutil.rmtree(works.home.artifacts / "models" / first.model_id)
    assert Restoring(works.tracker).missing_models() == []


def test_a_version_whose_number_was_given_again_stays_away(works: Any, client: MlflowClient) -> None:
    client.delete_registered_model(NAME)
    works.finished(works.stage(works.pipeline(), "three"))
    assert restored(works) == ([2], [])
    registry = Registry(works.tracker)
    assert [registry.tags(registry.find(NAME, number))["seqstep.content"] for number in "12"] == [
        "three",
        "two",
    ]


def test_an_alias_that_was_moved_stays_where_it_is(works: Any, client: MlflowClient) -> None:
    client.set_registered_model_alias(NAME, "champion", "2")
    assert restored(works) == ([], [])
