"""A configuration in words, for a title or a page; what may be secret in it is left out."""

import re
from typing import Any
from urllib.parse import urlsplit

from seqstep.settings.config import Config
from seqstep.settings.resolving import flatten, resolve

# Numbers, choices, names and short lists; of addresses and paths only the last name, for the rest may hold
# what is nobody's business.
_HARMLESS = re.compile(r"[\w .,:+-]{1,40}")
_EMPTY = "empty"


def changes(profile: str, config: Config) -> dict[str, str]:
    """List the settings that differ from those of the profile, by their dotted names."""
    usual = flatten(resolve(profile))
    return {name: _told(value) for name, value in flatten(config).items() if value != usual.get(name)}


def title(flow: str, profile: str, config: Config, when: str) -> str:
    """Name a run so that it is told from others, first of all by what a narrow column shows.

    Args:
        when: it started; short.
    """
    what = profile if flow == "pipeline" else f"{flow} {profile}"
    changed = [f"{name}={value}" for name, value in changes(profile, config).items() if value != _EMPTY]
    more = f" and {len(changed) - 2} more" if len(changed) > 2 else ""
    return f"{what} {when}" + (f" · {', '.join(changed[:2])}{more}" if changed else "")


def describe(profile: str, config: Config) -> dict[str, str]:
    """Say what a configuration means, by headings; settings that nothing reads are left out."""
    changed = ", ".join(f"{name} = {value}" for name, value in changes(profile, config).items())
    facts = {
        "Profile": f"{profile}; {changed or 'nothing changed'}",
        "Text": text_source(config),
        "Seed": str(config.seed),
    }
    if not config.held_out.alone:
        facts |= _pipeline_in_words(config)
    if config.held_out.networks:
        facts["Networks for unseen text"] = _held_out_in_words(config)
    return facts


def _pipeline_in_words(config: Config) -> dict[str, str]:
    mlp, rnn, layer, series = config.mlp, config.rnn, config.rnn_layer, config.series
    return {
        "Series": f"column {series.column} of {_file_name(series.path)}"
        if series.path
        else f"noisy sine, {series.points:,} values, noise {series.noise_std:g}",
        "MLP": f"{mlp.window} past values, {mlp.hidden} hidden units, {mlp.epochs:,} epochs of batches of"
        f" {mlp.batch} at {mlp.learning_rate:g}",
        "Recurrent networks": f"{rnn.hidden:,} hidden units, {rnn.epochs:,} epochs over {rnn.max_tokens:,}"
        f" tokens ({rnn.tokens}) in batches of {rnn.batch} × {rnn.steps} at {rnn.learning_rate:g};"
        f" the library's: {layer.layers} × {layer.cell}",
    }


def _held_out_in_words(config: Config) -> str:
    held = config.held_out
    return (
        f"{', '.join(held.networks)}: {held.layers} × {held.hidden:,} hidden units,"
        f" at most {held.epochs:,} epochs in batches of {held.batch} × {held.steps},"
        f" {held.optimizer} at {held.learning_rate:g}, dropout {held.dropout_output:g} before the output and"
        f" {held.dropout_recurrent:g} of the recurrent weights"
        + (f", {held.teaching:.0%} taught by counts" if held.teaching else "")
    )


def text_source(config: Config) -> str:
    """Name the text's source: a carried text, a file's name, or a host and a file's name."""
    if config.corpus.path:
        paths = config.corpus.path
        return ", ".join(map(_file_name, [paths] if isinstance(paths, str) else paths))
    first = urlsplit(str(config.corpus.url[0])) if config.corpus.url else urlsplit("")
    return f"{_file_name(first.path)} from {first.hostname}"


def _file_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _told(value: Any) -> str:
    """Write a value, or a sign for one that is better not shown."""
    parts = [_file_name(urlsplit(part).path) if "/" in part else part for part in _texts(value)]
    text = ", ".join(parts) or _EMPTY
    return text if _HARMLESS.fullmatch(text) else "…"


def _texts(value: Any) -> list[str]:
    """Write a value, or the values in a list, as text; one that is empty as none."""
    return [str(part) for part in (value if isinstance(value, tuple) else (value,)) if part != ""]
