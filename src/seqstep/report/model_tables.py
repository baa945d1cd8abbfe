"""The tables by which a reader of the report compares models; the best figure of a column is marked."""

import math

import pandas as pd

from seqstep.evaluation.forecasts import steps_ahead
from seqstep.report.notes_figures import printed_value

BEST = "★ "
_ABSENT = "–"


def tabulate_forecast(errors: pd.DataFrame) -> pd.DataFrame:
    """Lay out every model's RMSE by horizon with its interval, its parameters and the notes' figure.

    The notes print the mean squared error of the perceptron, one step ahead.

    Args:
        errors: see `seqstep.evaluation.forecasts.BacktestOutcome`.

    Returns:
        a row a model, in the order of the errors.
    """
    figures = zip(errors["rmse_all"], errors["rmse_lower"], errors["rmse_upper"], strict=True)
    least = errors.groupby("horizon")["rmse_all"].transform("min") == errors["rmse_all"]
    texts = [(BEST if best else "") + _with_interval(*row) for best, row in zip(least, figures, strict=True)]
    layout = _by_horizon(errors, texts)
    layout["parameters"] = errors.groupby("model", sort=False)["parameters"].first()
    notes = {"mlp_recursive": f"{math.sqrt(printed_value('train_mlp', 'valid/mse')):.3f}, 1 step"}
    layout["the notes"] = [notes.get(str(model), _ABSENT) for model in layout.index]
    return layout.reset_index()


def tabulate_chance(tests: pd.DataFrame) -> pd.DataFrame:
    """Lay out how far every model's mean squared error is from the best baseline's, and the p-value.

    Args:
        tests: from `against_best_baseline`.

    Returns:
        a row a model; a cell of the best baseline itself says so.
    """
    rows = zip(tests["model"], tests["baseline"], tests["difference"], tests["p_value"], strict=True)
    texts = [
        "best baseline" if model == baseline else _difference(difference, p_value)
        for model, baseline, difference, p_value in rows
    ]
    return _by_horizon(tests, texts).reset_index()


def tabulate_coverage(coverage: pd.DataFrame) -> pd.DataFrame:
    """Lay out how many targets every model's intervals hold, and how wide they are, by horizon.

    Args:
        coverage: from `coverage_table`; the mean over seeds is shown.
    """
    means = coverage.groupby(["model", "horizon"], sort=False)[["coverage", "width"]].mean().reset_index()
    rows = zip(means["coverage"], means["width"], strict=True)
    texts = [f"{covered:.1%}, {_figure(width)} wide" for covered, width in rows]
    return _by_horizon(means, texts).reset_index()


def tabulate_language(table: pd.DataFrame) -> pd.DataFrame:
    """Lay out every language model's perplexity with its interval, its cost and the notes' figure.

    The notes print the perplexity of the networks on the text that trained them.

    Args:
        table: from `seqstep.evaluation.language.rank`.

    Returns:
        a row a model, the best first; without the notes' figures if no model has one.
    """
    notes = {
        "rnn_scratch": printed_value("train_rnn_scratch", "train/perplexity"),
        "rnn": printed_value("train_rnn", "train/perplexity"),
    }
    own = zip(table["perplexity"], table["lower"], table["upper"], strict=True)
    ratios = zip(table["ratio"], table["ratio_lower"], table["ratio_upper"], strict=True)
    least = table["perplexity"].min()
    layout = pd.DataFrame(
        {
            "model": table["model"],
            "perplexity": [(BEST if row[0] == least else "") + _with_interval(*row) for row in own],
            "× the best": ["" if row[0] == 1 else _with_interval(*row) for row in ratios],
            "bits/char": table["bits_per_char"],
            "order": table["order"].astype("Int64"),
            "parameters": table["parameters"],
            "training": table["train_perplexity"],
            "the notes": [notes.get(str(model), math.nan) for model in table["model"]],
        }
    )
    return layout.dropna(axis="columns", how="all")


def tabulate_copied(table: pd.DataFrame) -> pd.DataFrame:
    """Lay out which share of its text every model copied at each temperature.

    Args:
        table: from `seqstep.generation.side_by_side.sample_table`.

    Returns:
        a row a model and a column a temperature; unseen text, which has none, is left out.
    """
    written = table.dropna(subset="temperature")
    layout = pd.DataFrame(index=pd.Index(written["model"].unique(), name="model"))
    for temperature, part in written.groupby("temperature"):
        shares = part.set_index("model")["copied_share"]
        layout[f"temperature {temperature:g}"] = [f"{shares[name]:.0%}" for name in layout.index]
    return layout.reset_index()


def written_texts(table: pd.DataFrame) -> dict[str, str]:
    """Put what every model wrote under its name, from the coldest to the hottest text."""
    texts = {}
    for name, part in table.groupby("model", sort=False):
        rows = zip(part["temperature"], part["text"], strict=True)
        texts[str(name)] = "\n\n".join(
            text if math.isnan(heat) else f"temperature {heat:g}:\n{text}" for heat, text in rows
        )
    return texts


def _by_horizon(table: pd.DataFrame, texts: list[str]) -> pd.DataFrame:
    """Put a text a model and horizon into a row a model and a column a horizon."""
    shown = pd.DataFrame({"model": table["model"], "horizon": table["horizon"], "text": texts})
    layout = pd.DataFrame(index=pd.Index(shown["model"].unique(), name="model"))
    for horizon, part in shown.groupby("horizon"):
        layout[steps_ahead(int(str(horizon)))] = part.set_index("model")["text"]
    return layout


def _with_interval(value: float, lower: float, upper: float) -> str:
    return f"{_figure(value)} ({_figure(lower)}–{_figure(upper)})"


def _figure(value: float) -> str:
    """Write three digits that count, and no fewer than the whole ones."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:#.3g}".rstrip(".")


def _difference(value: float, p_value: float) -> str:
    if value == 0:
        return "the same"
    return ("+" if value > 0 else "−") + _figure(abs(value)) + _p_value(p_value)


def _p_value(value: float) -> str:
    if math.isnan(value):
        return ""
    return ", p < 0.001" if value < 0.001 else f", p = {value:.3f}"
