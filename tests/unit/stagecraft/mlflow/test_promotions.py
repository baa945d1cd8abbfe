"""Which versions were given which aliases is noted in the home, a line each, and read back whole."""

import pytest

from stagecraft.files.home import Home
from stagecraft.mlflow import CHAMPION, Registry, Tracker
from stagecraft.mlflow.promotions import Promotion, note_aliases, note_promotion, read_promotions

NAME = "seqstep-echo"


@pytest.fixture
def registry(home: Home) -> Registry:
    """A registry with two versions of a model."""
    registry = Registry(Tracker(home))
    for number in (1, 2):
        registry.add(NAME, _logged(registry.tracker), "", f"content {number}", "code", {})
    return registry


def _logged(tracker: Tracker) -> str:
    return str(tracker.client.create_logged_model(tracker.experiment_id, name="echo").model_id)


def noted(home: Home) -> list[tuple[str, int, str]]:
    return [(found.alias, found.version, found.at) for found in read_promotions(home)[0]]


def test_the_file_begins_with_the_aliases_that_there_are_and_their_evidence(registry: Registry) -> None:
    version, home = registry.find(NAME, "1"), registry.tracker.home
    registry.set_alias(
        version, CHAMPION, {"seqstep.promoted.at": "then", "seqstep.promoted.metric": "loss"}, "Why."
    )
    registry.tracker.client.set_registered_model_alias(NAME, "mine", "2")
    note_aliases(registry.tracker)
    assert sorted(noted(home)) == [("champion", 1, "then"), ("mine", 2, "")]
    (champion,) = [found for found in read_promotions(home)[0] if found.alias == "champion"]
    assert champion.evidence == {"seqstep.promoted.at": "then", "seqstep.promoted.metric": "loss"}
    assert (champion.description, champion.model_id) == ("Why.", version.model_id)
    registry.tracker.client.set_registered_model_alias(NAME, "later", "2")
    note_aliases(registry.tracker)
    assert len(noted(home)) == 2


def test_a_promotion_is_a_line_more(registry: Registry) -> None:
    tracker = registry.tracker
    for number in ("1", "2"):
        registry.set_alias(registry.find(NAME, number), CHAMPION, {}, "")
        note_promotion(tracker, "champion", registry.find(NAME, number), f"at {number}")
    # The first one was seen when the file began.
    assert noted(tracker.home)[1:] == [("champion", 1, "at 1"), ("champion", 2, "at 2")]


def test_a_torn_line_is_passed_over_and_what_follows_is_whole(registry: Registry) -> None:
    tracker, home = registry.tracker, registry.tracker.home
    note_promotion(tracker, "champion", registry.find(NAME, "1"), "first")
    with home.promotions.open("ab") as file:
        file.write(home.promotions.read_bytes()[:40])
    note_promotion(tracker, "champion", registry.find(NAME, "2"), "second")
    promotions, flaws = read_promotions(home)
    assert [found.at for found in promotions] == ["first", "second"]
    assert flaws == ["line 2 of promotions.jsonl is torn or damaged"]


def test_a_flipped_bit_is_seen(home: Home) -> None:
    line = Promotion(
        alias="champion", model=NAME, version=1, model_id="m-1", evidence={}, description="", at=""
    ).line()
    for at in range(len(line) - 1):
        home.promotions.write_bytes(line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :])
        assert read_promotions(home)[0] == []
