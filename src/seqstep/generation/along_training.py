"""The greedy texts that show, along a training, how far a language model is.

Source: the notes, `train_rnn`: 50 characters after `time traveller` at epoch 1 and every 25th, and at the
end also 55 after `traveller`.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seqstep.errors import ModelError
from seqstep.generation.generate import continue_text
from seqstep.models.language import LanguageModel
from seqstep.settings.config import SamplesConfig
from seqstep.text.codec import Codec
from seqstep.text.spacing import show_lines

_SAMPLES = "samples.json"
_LINES = TypeAdapter(dict[int, str])


class Sampler:
    """Lets a model write at the epochs that are due, and keeps what it wrote, a line a sample.

    What is written at the end of a training is not saved: a longer one has another end.

    Attributes:
        lines: by epoch; 0 is before training.
        last: at the end.
    """

    def __init__(self, model: LanguageModel, codec: Codec, config: SamplesConfig) -> None:
        self.model, self.codec, self.config = model, codec, config
        self.lines: dict[int, str] = {}
        self.last: list[str] = []

    def before(self) -> None:
        """Let the untrained model write, unless it has."""
        self._keep(0, "before training")

    def after(self, epoch: int) -> None:
        """Let the model write if a sample is due after this epoch, unless there is one from `load`."""
        if epoch == 1 or epoch % self.config.every == 0:
            self._keep(epoch, f"epoch {epoch}")

    def finish(self) -> None:
        """Let the trained model write twice."""
        self.last = [
            self._write("at the end", self.config.prefix, self.config.length),
            self._write("at the end", self.config.last_prefix, self.config.last_length),
        ]

    @property
    def text(self) -> str:
        """All samples."""
        return "\n".join([*self.lines.values(), *self.last]) + "\n"

    def save(self, folder: Path) -> None:
        """Write the epochs' lines into an existing folder."""
        (folder / _SAMPLES).write_text(json.dumps(self.lines, ensure_ascii=False, indent=1), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Take over the epochs' lines that `save` wrote.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            self.lines = _LINES.validate_json((folder / _SAMPLES).read_bytes())
        except (OSError, ValidationError) as error:
            raise ModelError(
                f"expected the samples of a saved training at {folder / _SAMPLES}, got: {error};"
                " train from the start, or go on from another one"
            ) from None

    def _keep(self, epoch: int, when: str) -> None:
        # An epoch that is only replayed has later weights than the ones that wrote its line.
        if epoch not in self.lines:
            self.lines[epoch] = self._write(when, self.config.prefix, self.config.length)

    def _write(self, when: str, prefix: str, length: int) -> str:
        return f"{when}: {show_lines(continue_text(self.model, self.codec, prefix, length))}"


def copied_share(text: str, training_text: str, length: int = 8, prefix: str = "") -> float:
    """Share of a text's strings of `length` characters that stand in the training text: its memory.

    Args:
        prefix: what the text was given to continue; its characters are not counted.

    Returns:
        a share from 0 to 1; nan for a text that is shorter.
    """
    text = text[len(prefix) :]
    strings = [text[start : start + length] for start in range(len(text) - length + 1)]
    return sum(string in training_text for string in strings) / len(strings) if strings else float("nan")
