"""What trained a registered model: the text that it was given, and how much of it."""

from functools import partial
from typing import TYPE_CHECKING

from seqstep_cli.registered import part_of
from stagecraft.errors import ComparisonError

if TYPE_CHECKING:
    from seqstep.text.tokens import Tokens
    from stagecraft.mlflow import Registry, Version

_HELD_OUT = "held_out_"


def given_tokens(registry: "Registry", run_id: str) -> "Tokens":
    """Read the text that a training was given."""
    from seqstep.text.tokens import load_tokens

    files = (registry.tracker.open_input(run_id, f"tokens.{file}") for file in ("ids", "types"))
    return load_tokens(*files)


def seen_tokens(registry: "Registry", version: "Version", tokens: int) -> int:
    """Count the tokens at a text's start that had a say in a training: that trained, or stopped it.

    Args:
        tokens: of the whole text.

    Raises:
        ComparisonError: it is not known.
    """
    if part_of(version.name).startswith(_HELD_OUT):
        return tokens - round(tokens * float(training_parameter(registry, version, "comparison.test_share")))
    return min(tokens, int(training_parameter(registry, version, "rnn.max_tokens")))


def training_parameter(registry: "Registry", version: "Version", name: str) -> str:
    """Look up what a version was trained with.

    Raises:
        ComparisonError: its run does not say so, or is gone.
    """
    tracker = registry.tracker
    run = tracker.known(partial(tracker.client.get_run, version.run_id))
    if run is None or name not in run.data.params:
        raise ComparisonError(
            f"expected the run that trained {version} to say {name}, got nothing, so it is not known what"
            " it has seen; train it again"
        )
    return str(run.data.params[name])
