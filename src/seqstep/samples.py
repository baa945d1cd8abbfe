"""The greedy texts that show, along a training, how far a language model is.

Source: the notes, `train_rnn`: 50 characters after `time traveller` at epoch 1 and every 25th, and at the
end also 55 after `traveller`.
"""

from dataclasses import dataclass, field

from seqstep.config import SamplesConfig
from seqstep.generation import continue_text
from seqstep.models.language import LanguageModel
from seqstep.text.codec import Codec


@dataclass
class Sampler:
    """Lets a model write at the epochs that are due, and keeps what it wrote, a line a sample."""

    model: LanguageModel
    codec: Codec
    config: SamplesConfig
    lines: list[str] = field(default_factory=list)

    def before(self) -> None:
        """Let the untrained model write."""
        self._write("before training", self.config.prefix, self.config.length)

    def after(self, epoch: int) -> None:
        """Let the model write if a sample is due after this epoch."""
        if epoch == 1 or epoch % self.config.every == 0:
            self._write(f"epoch {epoch}", self.config.prefix, self.config.length)

    def finish(self) -> None:
        """Let the trained model write twice."""
        self._write("at the end", self.config.prefix, self.config.length)
        self._write("at the end", self.config.last_prefix, self.config.last_length)

    @property
    def text(self) -> str:
        """All samples."""
        return "\n".join(self.lines) + "\n"

    def _write(self, when: str, prefix: str, length: int) -> None:
        self.lines.append(f"{when}: {continue_text(self.model, self.codec, prefix, length)}")


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
