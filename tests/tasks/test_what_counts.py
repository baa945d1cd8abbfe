"""What the keys of the stages are made of: nothing that counts whole, no section that is read as a whole."""

from collections.abc import Iterator

import pytest

import tasks
from flows.walk import all_stages, walk
from seqstep.models.networks import NETWORKS
from seqstep.settings import config as sections
from seqstep.settings.resolving import resolve
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Trace

# Statements that are not known to define alone, each with why that costs no stage a needless run.
WHOLE = {
    "seqstep.plots.sweep": "a colour map; no stage draws a sweep",
    "tasks.serving.forecast": "what MLflow loads a model by; no stage imports it",
    "tasks.serving.text": "so is this",
}


def calls() -> Iterator[Call]:
    trace = Trace()
    everything = {"comparison": {"enabled": True}, "held_out": {"networks": list(NETWORKS)}}
    walk(trace, "quick", resolve(changes=[everything]))
    for node in trace.nodes.values():
        yield Call(node.stage, node.arguments)


CALLS = {call.stage.name: call for call in calls()}


def test_every_stage_is_among_them() -> None:
    assert set(CALLS) == set(all_stages())


def test_almost_all_statements_of_the_project_only_define() -> None:
    code = tasks.download.code
    modules, effects = code._modules, code._definitions.effects
    assert {name for name in modules.everything() if effects.loose(name)} == set(WHOLE)
    imported = {name for call in CALLS.values() for name in call.stage.files.values()}
    assert imported.isdisjoint(WHOLE)


@pytest.mark.parametrize("name", CALLS)
def test_all_of_a_stages_code_can_be_followed(name: str) -> None:
    CALLS[name].stage.check_code()


@pytest.mark.parametrize("name", CALLS)
def test_no_stage_reads_a_section_as_a_whole(name: str) -> None:
    stage: Stage = CALLS[name].stage
    whole = {kind.rpartition(".")[2] for kind, field in stage.reach.fields if field == "*"}
    kinds = [getattr(sections, name) for name in whole if hasattr(sections, name)]
    assert not [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, sections.Section)]


def test_a_field_counts_where_it_is_read_on_its_section() -> None:
    assert "comparison.word_min_freq" not in CALLS["compare_held_out"].parameters()
    assert "comparison.word_min_freq" in CALLS["compare_language"].parameters()


def test_only_the_download_declares_something_besides() -> None:
    declaring = {name: call.stage.depends for name, call in CALLS.items() if call.stage.depends}
    assert {name: [one.kind for one in kinds] for name, kinds in declaring.items()} == {
        "download": ["network"]
    }
