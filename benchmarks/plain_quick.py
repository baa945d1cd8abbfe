"""What `seqstep run quick` computes, as a plain script in the notes' way: no orchestration, no tracking.

    python -m benchmarks.plain_quick TEXT EPOCHS

Everything that it finds out is saved in the current folder: tables, figures, weights, samples and a page.
"""

import base64
import csv
import hashlib
import html
import json
import math
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks import notes_way_series
from benchmarks.notes_way import (
    Forward,
    LayerNetwork,
    clip_gradients,
    minibatches,
    scratch_forward,
    scratch_parameters,
)
from benchmarks.notes_way_text import count, read_lines

mpl.use("Agg")
from matplotlib import pyplot as plt

HIDDEN, BATCH, STEPS, TRAIN, TEST = 512, 32, 35, 10_000, 5_000


def main() -> None:
    """Do all of it, one thing after the other."""
    text, epochs = Path(sys.argv[1]), int(sys.argv[2])
    shutil.copy(text, "corpus.txt")
    digest = hashlib.sha1(Path("corpus.txt").read_bytes()).hexdigest()  # noqa: S324  (as the notes do)
    torch.manual_seed(0)
    chars, vocab = text_and_ngrams()
    errors = series()
    scores = language_models([vocab[char] for char in chars], list(vocab), epochs)
    write_page({"sha1": digest, **errors, **scores})


# --- text -------------------------------------------------------------------------------------------------


def text_and_ngrams() -> tuple[list[str], dict[str, int]]:
    """Clean and tokenize the text, count its n-grams; return its characters and their vocabulary."""
    lines = read_lines(Path("corpus.txt"))
    words = [word for line in lines for word in line.split()]
    chars = [char for line in lines for char in line]
    word_vocab, vocab = vocabulary(words), vocabulary(chars)
    Path("words.json").write_text(json.dumps(word_vocab))
    Path("chars.json").write_text(json.dumps(vocab))
    ids = [word_vocab[word] for word in words]
    grams = [count(zip(*(ids[i:] for i in range(n)), strict=False)) for n in (1, 2, 3)]
    for name, drawn in {"zipf_unigrams": grams[:1], "zipf": grams}.items():
        with figure(name, "rank", "occurrences"):
            for counted in drawn:
                plt.loglog([count for _, count in counted])
    write_rows("most_common.csv", [row for counted in grams for row in counted[:10]])
    write_rows("frequencies.csv", count(words))
    return chars, vocab


def vocabulary(tokens: list[str]) -> dict[str, int]:
    """Number tokens by frequency."""
    return {token: index for index, token in enumerate(["<unk>", *(token for token, _ in count(tokens))])}


# --- series -----------------------------------------------------------------------------------------------


def series() -> dict[str, float]:
    """Train the perceptron on the sine, and measure its forecasts."""
    tau, train = 4, 600
    observed = notes_way_series.sine(1000)
    write_rows("series.csv", [(value,) for value in observed.tolist()])
    model = notes_way_series.network()
    losses = notes_way_series.train(model, notes_way_series.loaders(observed))
    torch.save(model.state_dict(), "mlp.pt")
    first = notes_way_series.one_step(model, observed)
    many = notes_way_series.multi_step(model, observed, train + tau, len(observed))
    ahead = {k: notes_way_series.k_steps(model, observed)[:, tau + k - 1] for k in (1, 4, 16, 64)}
    plots: dict[str, list[Any]] = {
        "series": [observed],
        "loss_mlp": list(losses),
        "one_step": [observed, first],
        "multi_step": [observed, first, many],
        "k_step": [observed, *ahead.values()],
    }
    for name, lines in plots.items():
        with figure(name, "step", "value"):
            for line in lines:
                plt.plot(line)
    targets = {k: observed[tau + k - 1 :][: len(forecast)] for k, forecast in ahead.items()}
    errors = {f"rmse_{k}": (ahead[k] - targets[k]).square().mean().sqrt().item() for k in ahead}
    errors["rmse_multistep"] = (many - observed[train + tau :]).square().mean().sqrt().item()
    write_rows("errors.csv", list(errors.items()))
    return errors


# --- language models --------------------------------------------------------------------------------------


def language_models(ids: list[int], types: list[str], epochs: int) -> dict[str, float]:
    """Train both networks, and measure them and the smoothed trigrams on the text that follows."""
    vocab, scores = len(types), {}
    layer = LayerNetwork(vocab, HIDDEN)
    scratch = scratch_parameters(vocab, HIDDEN)
    networks: dict[str, tuple[Forward, list[Tensor]]] = {
        "rnn_scratch": (scratch_forward(scratch), scratch),
        "rnn": (layer, list(layer.parameters())),
    }
    test = ids[TRAIN - 1 : TRAIN + TEST]
    for name, (forward, params) in networks.items():
        losses, samples = train(forward, params, ids[:TRAIN], types, epochs)
        torch.save(params, f"{name}.pt")
        Path(f"samples_{name}.txt").write_text("\n".join(samples))
        write_rows(f"history_{name}.csv", list(enumerate(losses, start=1)))
        with figure(f"loss_{name}", "epoch", "loss"):
            plt.plot(losses)
        with torch.no_grad():
            scores[f"{name}_train"] = evaluate(forward, ids[:TRAIN], BATCH, STEPS)
            scores[f"{name}_test"] = evaluate(forward, test, 1, 1000)
    scores["trigrams_test"] = trigrams(ids[:TRAIN], test, vocab)
    return scores


def train(
    forward: Forward, params: list[Tensor], ids: list[int], types: list[str], epochs: int
) -> tuple[list[float], list[str]]:
    """Train with plain SGD and clipped gradients; return the losses and what was written along the way."""
    losses, samples = [], [write(forward, types, "time traveller", 50)]
    for epoch in range(1, epochs + 1):
        offset = int(torch.randint(STEPS, ()))
        H, total, batches = torch.zeros(BATCH, HIDDEN), 0.0, 0
        for X, Y in minibatches(ids, BATCH, STEPS, offset):
            logits, H = forward(X, H.detach())
            loss = functional.cross_entropy(logits, Y.T.reshape(-1))
            loss.backward()
            clip_gradients(params, 1.0)
            with torch.no_grad():
                for param in params:
                    param.sub_(0.5 * param.grad)
                    param.grad.zero_()
            total, batches = total + loss.item(), batches + 1
        losses.append(total / batches)
        if epoch == 1 or epoch % 25 == 0:
            samples.append(write(forward, types, "time traveller", 50))
    samples += [write(forward, types, "time traveller", 50), write(forward, types, "traveller", 55)]
    return losses, samples


def write(forward: Forward, types: list[str], prefix: str, length: int) -> str:
    """Continue a text with the likeliest characters, one call each."""
    with torch.no_grad():
        H = torch.zeros(1, HIDDEN)
        known = [types.index(char) for char in prefix]
        for index in known[:-1]:
            _, H = forward(torch.tensor([[index]]), H)
        for _ in range(length):
            logits, H = forward(torch.tensor([[known[-1]]]), H)
            known.append(int(logits.argmax(dim=1)))
    return "".join(types[index] for index in known)


def evaluate(forward: Forward, ids: list[int], batch: int, steps: int) -> float:
    """Measure the perplexity of a text."""
    H, total, tokens = torch.zeros(batch, HIDDEN), 0.0, 0
    for X, Y in minibatches(ids, batch, steps, 0):
        logits, H = forward(X, H)
        total += functional.cross_entropy(logits, Y.T.reshape(-1), reduction="sum").item()
        tokens += Y.numel()
    return math.exp(total / tokens)


def trigrams(ids: list[int], test: list[int], vocab: int) -> float:
    """Measure the perplexity of a text under trigrams with Laplace smoothing, all weights 1."""
    ones, twos, threes = (Counter(zip(*(ids[i:] for i in range(n)), strict=False)) for n in (1, 2, 3))
    total = 0.0
    for x, y, z in zip(test, test[1:], test[2:], strict=False):
        single = (ones[(z,)] + 1 / vocab) / (len(ids) + 1)
        total -= math.log((threes[x, y, z] + single) / (twos[x, y] + 1))
    return math.exp(total / (len(test) - 2))


# --- files ------------------------------------------------------------------------------------------------


@contextmanager
def figure(name: str, x: str, y: str) -> Iterator[None]:
    """Draw a figure, and save it."""
    plt.figure(figsize=(8, 4.5))
    plt.xlabel(x)
    plt.ylabel(y)
    yield
    plt.savefig(f"{name}.png", dpi=150)
    plt.close()


def write_rows(name: str, rows: Sequence[Sequence[object]]) -> None:
    """Write a table."""
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def write_page(figures: dict[str, object]) -> None:
    """Put all figures, tables and samples on one page."""
    parts = [f"<p>{html.escape(name)}: {value}</p>" for name, value in figures.items()]
    for path in sorted(Path().glob("*.png")):
        parts.append(f'<img src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}">')
    parts += [f"<pre>{html.escape(path.read_text())}</pre>" for path in sorted(Path().glob("samples_*.txt"))]
    Path("report.html").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
