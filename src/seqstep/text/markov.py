"""Markov chains: what follows what, several steps ahead and backwards.

Source: the notes, "Markov Models".
"""

import numpy as np

from seqstep.errors import TextError


def fit_transitions(ids: np.ndarray, states: int) -> np.ndarray:
    """Estimate P(next | current) from a sequence by counting.

    Args:
        ids: shape (tokens,), at least 2 states, each below `states`.
        states: number of states.

    Returns:
        shape (states, states), rows sum to 1. A state after which nothing was seen has a uniform row.

    Raises:
        TextError: fewer than 2 tokens, or one that is no state.
    """
    if len(ids) < 2 or not 0 <= int(ids.min()) <= int(ids.max()) < states:
        raise TextError(
            f"expected at least 2 tokens between 0 and {states - 1}, got {len(ids)} tokens"
            + (f" between {ids.min()} and {ids.max()}" if len(ids) else "")
        )
    counts = np.zeros((states, states))
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    counts[counts.sum(axis=1) == 0] = 1
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def after(transitions: np.ndarray, steps: int = 2) -> np.ndarray:
    """P(state in `steps` steps | state now), everything in between summed out.

    For two steps this is the notes' P(x[t+1] | x[t-1]) = sum over x[t] of P(x[t+1] | x[t]) P(x[t] | x[t-1]).

    Args:
        transitions: shape (states, states), rows sum to 1.
        steps: >= 0.
    """
    if steps < 0:
        raise TextError(f"expected 0 or more steps ahead, got {steps}; `reverse` looks back")
    return np.linalg.matrix_power(transitions, steps)


def reverse(transitions: np.ndarray, now: np.ndarray) -> np.ndarray:
    """P(state now | state next), by Bayes' rule.

    Args:
        transitions: shape (states, states), P(next | now), rows sum to 1.
        now: shape (states,), P(now), sums to 1.

    Returns:
        shape (states, states); row j is P(now | next = j). Uniform where `next = j` can't happen.
    """
    joint = now[:, None] * transitions
    joint[:, joint.sum(axis=0) == 0] = 1
    return np.asarray((joint / joint.sum(axis=0)).T)
