"""The three trainings of the notes in the notes' way, one after the other, and nothing besides.

python -m benchmarks.plain_trainings TEXT EPOCHS
"""

import sys
from pathlib import Path

import torch

from benchmarks import notes_way, notes_way_series
from benchmarks.notes_way import LayerNetwork, scratch_forward, scratch_parameters
from benchmarks.notes_way_text import number, read_lines

HIDDEN, BATCH, STEPS, TRAIN = 512, 32, 35, 10_000


def main() -> None:
    """Train the perceptron on the sine, and both networks on the start of a text."""
    text, epochs = Path(sys.argv[1]), int(sys.argv[2])
    torch.manual_seed(0)
    observed = notes_way_series.sine(1000)
    notes_way_series.train(notes_way_series.network(), notes_way_series.loaders(observed))
    ids, types = number([char for line in read_lines(text) for char in line])
    scratch, layer = scratch_parameters(len(types), HIDDEN), LayerNetwork(len(types), HIDDEN)
    networks = ((scratch_forward(scratch), scratch), (layer, list(layer.parameters())))
    for forward, params in networks:
        for _ in range(epochs):
            notes_way.train_epoch(forward, params, ids[:TRAIN], (BATCH, STEPS, HIDDEN))


if __name__ == "__main__":
    main()
