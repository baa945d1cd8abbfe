"""Windows on the documents of a text: pieces for networks, none of which reaches over the end of one.

A document is what stands after one end up to and with the next. The end before it is its first input, so that
what begins a document is learnt too; where a text begins in the middle of one, it is the first token there.
"""

from collections.abc import Iterator

import numpy as np

from seqstep.errors import TextError
from seqstep.text.batches import Batch, check_length

#: the label, and the place of one, where a window is filled up; what torch's cross_entropy passes over
IGNORED = -100


class DocumentWindows:
    """Cuts each document, from its beginning on, into windows; every token but the text's first is in one.

    Args:
        ids: the text, shape (tokens,).
        end: the token that ends documents.
        steps: tokens of the longest windows; a document's last one has what is left.

    Attributes:
        starts: where the first input of each window stands, shape (windows,), ascending.
        sizes: tokens of each, shape (windows,).
    """

    def __init__(self, ids: np.ndarray, end: int, steps: int) -> None:
        self._ids, self._end, self._steps = ids, end, steps
        inputs = np.arange(max(0, len(ids) - 1))
        begun = np.maximum.accumulate(np.where(ids[:-1] == end, inputs, 0))
        self.starts = np.flatnonzero((inputs - begun) % steps == 0)
        self.sizes = np.diff(self.starts, append=len(inputs))

    def check(self, batch: int, section: str = "rnn") -> None:
        """Make sure that the windows fill a minibatch.

        Args:
            section: of the settings that batch and steps stand in.

        Raises:
            TextError: too few windows.
        """
        if len(self.starts) < batch:
            raise TextError(
                f"expected at least {batch} windows of up to {self._steps} tokens, none over the end of a"
                f" document, for a minibatch, got {len(self.starts)}; take a longer text, or lower"
                f" {section}.batch or {section}.steps"
            )

    def deal(self, batch: int, rng: np.random.Generator, section: str = "rnn") -> Iterator[np.ndarray]:
        """Deal out all windows in random order but the last ones, which fill no minibatch.

        Args:
            batch: windows per minibatch.
            rng: draws the order.
            section: see `check`.

        Yields:
            the places of labels, shape (batch, steps); see `places`.

        Raises:
            TextError: too few windows for one minibatch.
        """
        self.check(batch, section)
        order = rng.permutation(len(self.starts))
        for first in range(0, len(order) - batch + 1, batch):
            yield self.places(order[first : first + batch], self._steps)

    def places(self, windows: np.ndarray, width: int) -> np.ndarray:
        """Find where the labels of some windows stand in the text.

        Returns:
            shape (windows, width); IGNORED after the end of a shorter window.
        """
        steps, sizes = np.arange(width), self.sizes[windows, None]
        return np.where(steps < sizes, self.starts[windows, None] + steps + 1, IGNORED)

    def read(self, places: np.ndarray) -> Batch:
        """Read the inputs and labels of windows, int64, by the labels' places; fillings read the end."""
        real = places != IGNORED
        inputs, labels = (self._ids[np.where(real, at, 0)].astype(np.int64) for at in (places - 1, places))
        return np.where(real, inputs, self._end), np.where(real, labels, IGNORED)


def check_minibatch(
    ids: np.ndarray, batch: int, steps: int, end: int | None = None, section: str = "rnn"
) -> None:
    """Make sure that a text fills a minibatch.

    Args:
        end: the token that ends documents, if there are several.
        section: of the settings that batch and steps stand in.

    Raises:
        TextError: too few tokens, or windows on documents.
    """
    if end is None:
        check_length(len(ids), batch, steps, section)
    else:
        DocumentWindows(ids, end, steps).check(batch, section)
