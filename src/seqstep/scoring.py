"""How likely a language model finds a text.

Source: the notes, the section on perplexity ("It is raining outside").
"""

import numpy as np
import torch

from seqstep.models.language import LanguageModel

_CHUNK = 1000


def log_probabilities(model: LanguageModel, ids: np.ndarray) -> np.ndarray:
    """Log-probability of every token after the first, given all before it.

    The state starts at zeros and is carried along the whole text, so each token is scored once.

    Args:
        ids: the text in the vocabulary's indices, shape (tokens,), at least 2.

    Returns:
        shape (tokens - 1,), natural logarithms; entry i belongs to `ids[i + 1]`.
    """
    text = torch.tensor(ids, dtype=torch.int64, device=model.device)
    state = model.begin_state(1)
    scores = []
    with torch.inference_mode():
        for inputs, labels in zip(text[:-1].split(_CHUNK), text[1:].split(_CHUNK), strict=True):
            logits, state = model(inputs[None], state)
            all_scores = torch.log_softmax(logits[0].double(), dim=-1)
            scores.append(all_scores.gather(1, labels[:, None])[:, 0])
    return torch.cat(scores).cpu().numpy()
