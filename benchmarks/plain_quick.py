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
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import notes_way_series

mpl.use("Agg")
from matplotlib import pyplot as plt

HIDDEN, BATCH, STEPS, TRAIN, TEST = 512, 32, 35, 10_000, 5_000

Forward = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


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
    with Path("corpus.txt").open(encoding="utf-8") as file:
        lines = [re.sub("[^A-Za-z]+", " ", line).strip().lower() for line in file.readlines()]
    words = [word for line in lines for word in line.split()]
    chars = [char for line in lines for char in line]
    word_vocab, vocab = vocabulary(words), vocabulary(chars)
    Path("words.json").write_text(json.dumps(word_vocab))
    Path("chars.json").write_text(json.dumps(vocab))
    ids = [word_vocab[word] for word in words]
    grams = [by_count(zip(*(ids[i:] for i in range(n)), strict=False)) for n in (1, 2, 3)]
    for name, drawn in {"zipf_unigrams": grams[:1], "zipf": grams}.items():
        with figure(name, "rank", "occurrences"):
            for counted in drawn:
                plt.loglog([count for _, count in counted])
    write_rows("most_common.csv", [row for counted in grams for row in counted[:10]])
    write_rows("frequencies.csv", by_count(words))
    return chars, vocab


def by_count(tokens: Any) -> list[tuple[Any, int]]:
    """Count tokens, the most frequent first."""
    return sorted(Counter(tokens).items(), key=lambda item: item[1], reverse=True)


def vocabulary(tokens: list[str]) -> dict[str, int]:
    """Number tokens by frequency."""
    return {token: index for index, token in enumerate(["<unk>", *(token for token, _ in by_count(tokens))])}


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
    layer = Layer(vocab)
    scratch = scratch_params(vocab)
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


def minibatches(ids: list[int], batch: int, steps: int, offset: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk along a text in rows."""
    tokens = (len(ids) - offset - 1) // batch * batch
    inputs, labels = (
        torch.tensor(ids[offset + shift : offset + shift + tokens]).reshape(batch, -1) for shift in (0, 1)
    )
    for start in range(0, inputs.shape[1] // steps * steps, steps):
        yield inputs[:, start : start + steps], labels[:, start : start + steps]


def scratch_params(vocab: int) -> list[Tensor]:
    """Draw the weights of the network from scratch."""
    shapes = ((vocab, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN, vocab), (vocab,))
    draws = [torch.randn(shape) * 0.01 if len(shape) == 2 else torch.zeros(shape) for shape in shapes]
    return [draw.requires_grad_() for draw in draws]


def scratch_forward(params: list[Tensor]) -> Forward:
    """Make the network from scratch."""
    W_xh, W_hh, b_h, W_hq, b_q = params

    def forward(ids: Tensor, H: Tensor) -> tuple[Tensor, Tensor]:
        outputs = []
        for X in functional.one_hot(ids.T, len(W_xh)).float():
            H = torch.tanh(torch.mm(X, W_xh) + torch.mm(H, W_hh) + b_h)
            outputs.append(torch.mm(H, W_hq) + b_q)
        return torch.cat(outputs), H

    return forward


class Layer(nn.Module):
    """The network around the library's layer."""

    def __init__(self, vocab: int) -> None:
        super().__init__()
        self.vocab, self.rnn, self.linear = vocab, nn.RNN(vocab, HIDDEN), nn.Linear(HIDDEN, vocab)

    def forward(self, ids: Tensor, H: Tensor) -> tuple[Tensor, Tensor]:
        """Read tokens of shape (batch, steps)."""
        outputs, after = self.rnn(functional.one_hot(ids.T, self.vocab).float(), H[None])
        return self.linear(outputs.reshape(-1, HIDDEN)), after[0]


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
            norm = torch.sqrt(torch.stack([(param.grad**2).sum() for param in params]).sum())
            with torch.no_grad():
                for param in params:
                    if norm > 1:
                        param.grad *= 1 / norm
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
