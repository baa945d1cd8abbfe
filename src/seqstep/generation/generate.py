"""Text from a prefix.

Source: the notes, `predict`: warm up on the prefix, then take the most likely token again and again.
"""

import torch
from torch import Tensor

from seqstep.errors import TextError
from seqstep.models.language import LanguageModel
from seqstep.text.codec import Codec


def generate(
    model: LanguageModel,
    prefix: list[int],
    length: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
    end: int | None = None,
) -> list[int]:
    """Continue a prefix.

    Args:
        prefix: indices of at least one token; the state is warmed up on them.
        length: tokens to generate at most, >= 0.
        temperature: 0 takes the most likely token; 1 draws from the model's distribution, lower values
            from a sharper one, higher values from a flatter one.
        top_k: draw among the k most likely tokens only.
        seed: of the draws.
        end: a token before which it stops, if there is one.

    Returns:
        the new tokens, without the prefix.

    Raises:
        TextError: an empty prefix, a negative length or temperature, or a top_k below 1.
    """
    if not prefix or length < 0 or not temperature >= 0 or (top_k is not None and top_k < 1):
        raise TextError(
            "expected a prefix of at least one token, length and temperature >= 0 and top-k >= 1, got"
            f" {len(prefix)} tokens, {length}, {temperature} and {top_k}"
        )
    generator = torch.Generator().manual_seed(seed)
    state = model.begin_state(1)
    unread, generated = torch.tensor([prefix], device=model.device), []
    with torch.inference_mode():
        for _ in range(length):
            logits, state = model(unread, state)
            token = _choose(logits[0, -1].cpu(), temperature, top_k, generator)
            if token == end:
                break
            generated.append(token)
            unread = unread.new_tensor([[token]])
    return generated


def continue_text(
    model: LanguageModel,
    codec: Codec,
    prefix: str,
    length: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
) -> str:
    """Continue a text; see `generate`.

    Returns:
        the prefix as the model reads it, its unknown tokens as `<unk>`, and `length` more tokens, or fewer
        where the model ends the document.
    """
    read, end = codec.encode_prefix(prefix), codec.vocab.end
    return codec.decode(read + generate(model, codec.begin(read), length, temperature, top_k, seed, end))


def _choose(logits: Tensor, temperature: float, top_k: int | None, generator: torch.Generator) -> int:
    """Choose a token from its logits, shape (vocab,)."""
    if temperature == 0:
        return int(logits.argmax())
    # Equally likely tokens keep the vocabulary's order, so that top-k 1 is argmax and k are never more.
    scores, tokens = logits.double().sort(descending=True, stable=True)
    # Scores of 0 and below survive a division by any temperature.
    weights = torch.softmax((scores - scores[0])[:top_k] / temperature, dim=0)
    return int(tokens[torch.multinomial(weights, 1, generator=generator)])
