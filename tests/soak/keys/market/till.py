"""Walks a pipeline as a run does, without Prefect and MLflow."""

import json
from datetime import UTC, datetime
from typing import Any

from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.files.sealed import seal
from stagecraft.files.whole import write_whole
from stagecraft.key.parts import Parts
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.handle import Handle
from stagecraft.pipeline.stage import Stage
from tests.soak.keys.market.watching import witness_of


class Till:
    """Takes the result of a stage that is there, else calls the stage, and keeps what it yields if it may.

    Keys, records and the witness are the real ones; the record that stages are handed is none.

    Attributes:
        outcomes: of each stage its state, its text and, where its result was not kept, why.
    """

    def __init__(self, results: Results) -> None:
        self.results, self._found = results, dict[str, Result]()
        self._stages: dict[str, Stage] = {}
        self.outcomes: dict[str, dict[str, str]] = {}

    def __call__(self, stage: Stage, /, *args: Any, **kwargs: Any) -> Any:
        """Take or make the result of a stage."""
        self._stages[stage.name] = stage
        call = Call(stage, stage.bind(*args, **kwargs))
        parts = call.parts(self._found, self.results.checks.digests)
        known = self.results.find(parts.key(stage.name))
        outcome = {"state": "cached", "unkept": ""}
        if known.result is None or not known.intact:
            witness = witness_of(call, parts, self.results.home)
            result = self._compute(call, parts, witness)
            outcome = {"state": "ran", "unkept": "; ".join(witness.noted)}
            if not witness.noted:
                self._keep(result)
        else:
            result = known.result
        self._found[stage.name] = result
        self.outcomes[stage.name] = {**outcome, "text": result.value["text"]}
        return Handle(stage.name)

    def _compute(self, call: Call, parts: Parts, witness: Any) -> Result:
        stage = call.stage
        values = {name: self._stages[name].read(result.value) for name, result in self._found.items()}
        with witness.watching():
            function = stage.function
            witness.look_at_code()
            value = function(None, **call.filled(values))
            witness.look_at_code()
        return Result(
            stage=stage.name,
            key=parts.key(stage.name),
            parts=parts,
            value=stage.write(value),
            artifacts=(),
            used={},
            run_id="0" * 32,
            seconds=0.0,
            figure="",
            drawing=stage.drawing,
            written=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _keep(self, result: Result) -> None:
        record = json.dumps({"metadata": {}, "result": result.model_dump_json()}).encode()
        write_whole(self.results.path(result.key), seal(record))
        self.results.remember(result)
