"""One run of each flow, as small as it can be: what `make test` sees of the whole."""

import json
from typing import Any

import pytest

from flows.walk import graph
from seqstep.settings.resolving import resolve
from tests.trained import TINY

pytestmark = pytest.mark.smoke


def test_the_whole_pipeline_runs_and_ends_in_a_report(trained: Any) -> None:
    assert trained.status == 0, trained.err
    states = {stage["name"]: stage["state"] for stage in trained.summary["stages"]}
    assert states == dict.fromkeys(graph(resolve()).nodes, "completed")
    assert (trained.home.artifacts / trained.summary["run_id"] / "artifacts" / "report.html").is_file()


@pytest.mark.parametrize(("flow", "anew"), [("text", "vocab"), ("series", "series")])
def test_a_half_of_it_runs_from_what_is_cached(seqstep: Any, trained: Any, flow: str, anew: str) -> None:
    result = seqstep("run", "--flow", flow, "--force", anew, "--json", "--set", *TINY)
    assert result.status == 0, result.err
    document = json.loads(result.out)
    states = {stage["name"]: stage["state"] for stage in document["stages"]}
    # The report is another one: it has this half alone.
    ran = {anew, "report"}
    assert states == {name: "completed" if name in ran else "cached" for name in graph(resolve(), flow).nodes}
