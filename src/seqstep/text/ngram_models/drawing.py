"""Text from a prefix, by a model made of counts.

What `seqstep.generation.generate` is for networks: temperature 0 takes the most likely token again and
again, 1 draws from the model's distribution.
"""

import numpy as np

from seqstep.errors import TextError
from seqstep.text.ngram_models.ngram_model import Ids, NgramModel


def draw(
    model: NgramModel,
    prefix: Ids,
    length: int,
    temperature: float = 0.0,
    seed: int = 0,
    end: int | None = None,
) -> list[int]:
    """Continue a prefix, of which the model reads as much as it can use; it may be empty.

    Args:
        prefix: shape (tokens,), indices.
        length: tokens to draw at most, >= 0.
        temperature: >= 0; probabilities are raised to the power of 1 / temperature.
        seed: of the draws.
        end: a token before which it stops, if there is one.

    Returns:
        the new tokens, without the prefix.

    Raises:
        TextError: a negative length or temperature, or a prefix outside the vocabulary.
    """
    if length < 0 or not temperature >= 0:
        raise TextError(f"expected a length and a temperature of 0 or more, got {length} and {temperature}")
    rng = np.random.default_rng(seed)
    text = [int(token) for token in prefix]
    for _ in range(length):
        token = _choose(model.probabilities(text), temperature, rng)
        if token == end:
            break
        text.append(token)
    return text[len(prefix) :]


def _choose(probabilities: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    """Choose a token from the probabilities of all, shape (vocab,).

    At temperature 0 the first of equally likely ones is taken.
    """
    if temperature == 0:
        return int(probabilities.argmax())
    with np.errstate(divide="ignore", over="ignore"):
        scores = np.log(probabilities)
        # Scores of 0 and below survive a division by any temperature.
        weights = np.exp((scores - scores.max()) / temperature)
    return int(rng.choice(len(weights), p=weights / weights.sum()))
