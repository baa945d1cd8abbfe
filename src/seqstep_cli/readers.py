"""What reads texts for a command: a registered language model, or one of counts of what trained that."""

import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from seqstep.settings.resolving import resolve
from seqstep.settings.spelling import nearest
from seqstep.text.ngram_models.table import MODELS
from seqstep_cli.registered import (
    PREFIX,
    choose,
    named,
    open_registry,
    part_of,
    say_who,
    split_name,
    training_of,
)
from seqstep_cli.trained_on import given_tokens, seen_tokens
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import ArtifactError

if TYPE_CHECKING:
    import numpy as np

    from seqstep.evaluation.train_and_test import Scorer
    from seqstep.text.codec import Codec
    from seqstep.text.ngram_models.ngram_model import NgramModel
    from stagecraft.mlflow import Registry
    from stagecraft.mlflow.answering import Answerer

#: by what trained its versions, models of counts are fitted
_TEACHER = "rnn"
_EXAMPLES = 10


class Reader(NamedTuple):
    """What scores texts.

    Attributes:
        scorer: from indices to the log-probabilities of all but the first.
        answer: the version that answers, or whose training text was counted.
        counted: which model of counts it is; empty for the version itself.
    """

    scorer: "Scorer"
    codec: "Codec"
    answer: "Answerer"
    counted: str = ""

    @property
    def name(self) -> str:
        """Say what it is."""
        version = str(self.answer.version)
        return f"{self.counted} of what trained {version}" if self.counted else version

    @property
    def named(self) -> dict[str, object]:
        """Say in a document what it is."""
        return {**named(self.answer), "model": self.name}

    def say_who(self) -> None:
        """Say what answers, beside what it answers."""
        if self.counted:
            sys.stderr.write(f"seqstep: {self.counted} of what trained this version:\n")
        say_who(self.answer)


def find_language_model(workplace: Workplace, model: str) -> "tuple[Any, Codec, Answerer]":
    """Load a registered language model, what it reads texts with, and which version it is."""
    registry = open_registry(workplace)
    return _load(registry, choose(registry, model))


def find_reader(workplace: Workplace, model: str) -> Reader:
    """Load a language model by its name, or fit the model of counts that has it.

    Raises:
        ArtifactError: there is no such version.
        ModelError: a name that is written in another way.
    """
    from seqstep.models.scoring import log_probabilities
    from seqstep.text.ngram_models.trie_model import TrieModel
    from stagecraft.mlflow.answering import find_answer

    registry, (name, wanted) = open_registry(workplace), split_name(model)
    if part_of(name) not in MODELS:
        try:
            network, codec, answer = _load(registry, choose(registry, model))
        except ArtifactError as error:
            hint = nearest(part_of(name), MODELS)
            if registry.versions(name):
                raise
            raise ArtifactError(f"{error}; of models of counts, {hint}") from None
        return Reader(partial(log_probabilities, network, end=codec.vocab.end), codec, answer)
    answer = find_answer(registry, PREFIX + _TEACHER, training_of(_TEACHER), wanted)
    _, codec, _ = _load(registry, answer)
    model_of_counts = _count(registry, part_of(name), codec, answer)
    order = f" of order {model_of_counts.order}" if isinstance(model_of_counts, TrieModel) else ""
    return Reader(partial(_after_first, model_of_counts), codec, answer, f"{part_of(name)}{order}")


def notice_what_is_lost(codec: "Codec", texts: Iterable[str]) -> None:
    """Say which letters of texts the cleaning drops, if many, and which tokens the model does not know."""
    from seqstep.text.characters import Characters

    characters, unknown = Characters(), dict[str, None]()
    for text in texts:
        characters.add(text)
        unknown |= dict.fromkeys(codec.unknown(text))
    if said := codec.dropped(characters).said:
        sys.stderr.write(f"seqstep: note: as the model's training text was read, {said}\n")
    if unknown:
        shown = " ".join(map(repr, [*unknown][:_EXAMPLES])) + (" …" if len(unknown) > _EXAMPLES else "")
        sys.stderr.write(f"seqstep: note: the model does not know {shown}; read as <unk>\n")


def _load(registry: "Registry", answer: "Answerer") -> "tuple[Any, Codec, Answerer]":
    from seqstep.models.bundle import load_language_model

    parts = registry.parts(answer.version)
    loaded, spec = load_language_model(parts["weights.safetensors"], parts["model.json"])
    return loaded, spec.codec(), answer


def _count(registry: "Registry", name: str, codec: "Codec", answer: "Answerer") -> "NgramModel":
    """Fit a model of counts on what trained a version, of the order that a part of that chooses."""
    from seqstep.text.ngram_models.choice import fit_chosen

    text = given_tokens(registry, answer.version.run_id)
    ids = codec.vocab.encode(text, seen_tokens(registry, answer.version, len(text)))
    config = resolve().comparison
    orders = config.word_orders if codec.kind == "word" else config.orders
    return fit_chosen(name, ids, len(codec.vocab), orders, config.valid_share, codec.vocab.end)


def _after_first(model: "NgramModel", ids: "np.ndarray") -> "np.ndarray":
    return model.log_probabilities(ids[1:], before=ids[:1])
