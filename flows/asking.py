"""From what a user says to a request: the configuration, the flow, and what goes with them."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import isclass, isroutine, signature
from pathlib import Path
from symtable import symtable
from typing import Any

from flows.walk import FLOWS, SERIES, WHOLE, graph
from secrecy import quote
from seqstep.errors import ConfigError
from seqstep.forecasters.table import FORECASTERS
from seqstep.models.networks import MIXTURE, NETWORKS, TOGETHER
from seqstep.settings.config import Config, NotifyConfig, RetryConfig, Section
from seqstep.settings.data_sets import series_name, text_name
from seqstep.settings.resolving import changed, flatten, given_alone, resolve, unread_of_series
from seqstep.text.ngram_models.table import MODELS
from seqstep_cli import NAMES
from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.patience import Patience
from stagecraft.pipeline.selection import Selector
from stagecraft.pipeline.walk import Trace
from stagecraft.progress.notifying import FailureNotifier
from stagecraft.runs.request import MakePage, Page, Request

_ONLY = {
    "text": "only a text was given, so the flow text runs; --flow pipeline runs the series too",
    "series": "only a series was given, so the flow series runs; --flow pipeline runs the text too",
}

# Groups of settings that no stage is handed.
_OF_THE_RUN = {NotifyConfig.section, RetryConfig.section}


def ask(
    flow: str, profile: str, changes: Sequence[Mapping[str, Any]], selector: Selector, offline: bool
) -> Request:
    """Make a request.

    Args:
        flow: its name; empty: the half of the pipeline that the changes give data for, if it is one alone.
        profile: the configuration to start from.
        changes: trees of settings, the later over the earlier.

    Raises:
        ConfigError: there is no such configuration.
        SelectionError: there is no such flow.
    """
    _check_flows()
    _check_tables()
    config = resolve(profile, changes)
    notices: list[str] = []
    if not flow and (half := given_alone(profile, changes)) in FLOWS:
        notices.append(_ONLY[half])
        flow = half
    flow = flow or WHOLE
    trace = graph(config, flow, profile, offline)
    unread = {
        f"the flow {flow}": _unread(trace, flow, profile, changes),
        "a series from a file" if config.series.path else "the sine": unread_of_series(profile, changes),
    }
    for reader, names in unread.items():
        if names:
            notices.append(f"{', '.join(names)}: given, but {reader} does not read that")
    return Request(
        flow=flow,
        profile=profile,
        selector=selector,
        offline=offline,
        trace=trace,
        settings=json.loads(config.model_dump_json()),
        parameters={"profile": profile, **flatten(config)},
        patience=Patience(**dict(config.retry)),
        notifier=_notifier(config.notify),
        make_page=_page(flow, profile, config),
        command=f"{NAMES.project} run {profile}",
        notices=notices,
        data=_data(trace, config),
    )


def _data(trace: Trace, config: Config) -> dict[str, str]:
    """Say what the data set is called that each training learns from: that of the text, or of the series."""
    text, series = partial(text_name, config.corpus), partial(series_name, config.series)
    return {
        name: (series if SERIES in trace.until(name) else text)()
        for name, node in trace.nodes.items()
        if node.stage.resumes
    }


def _check_flows() -> None:
    """See that a deployment's entry point can name each flow: nothing else there is called so.

    Raises:
        ConfigError: something is.
    """
    file = Path(__file__).with_name("pipeline.py")
    others = symtable(file.read_text("utf-8"), str(file), "exec").get_identifiers()
    if taken := sorted(name for name in FLOWS if name in others or name.startswith("__")):
        raise ConfigError(
            f"expected another name for the flow {taken[0]} in flows/walk.py: flows/pipeline.py calls"
            " something else so, or Python does"
        )


def _check_tables() -> None:
    """See that the tables of models name makers so that a stage, a metric and a list of names can hold that.

    Raises:
        ConfigError: one does not.
    """
    for name, make in (*NETWORKS.items(), *MODELS.items(), *FORECASTERS.items()):
        if not name.isidentifier():
            raise ConfigError(
                f"expected names of letters, digits and _ in the tables of models, got {quote(name)};"
                " rename it there"
            )
        if not (isroutine(make) or isclass(make) or isinstance(make, partial)):
            raise ConfigError(
                f"expected a function that makes the model {name} in its table, got {make!r}; write it as"
                " the others there are"
            )
    for table in (NETWORKS, MODELS, FORECASTERS):
        _check_alike(table)
    rows = {*NETWORKS, *(f"held_out_{network}" for network in NETWORKS), MIXTURE, TOGETHER}
    if taken := sorted(MODELS.keys() & rows):
        raise ConfigError(
            f"expected another name for the model of counts {taken[0]} in its table: a network that stands"
            " beside it is called so"
        )


def _check_alike(table: Mapping[str, Callable[..., Any]]) -> None:
    """See that the makers of a table can all be called as its first one is.

    Raises:
        ConfigError: one can't.
    """
    handed = list(signature(next(iter(table.values()))).parameters)
    for name, make in table.items():
        try:
            taken = signature(make).bind(*handed).arguments
        except (TypeError, ValueError):
            taken = {}
        if not taken or any(given in handed and given != known for known, given in taken.items()):
            raise ConfigError(
                f"expected the maker of the model {name} to take {', '.join(handed)}, as the others in its"
                f" table do, got {make!r}; correct that there"
            )


def _unread(trace: Trace, flow: str, profile: str, changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """List settings that a user gives another value, and that neither a flow's stages nor its run read."""
    usual, handed = flatten(resolve(profile)), _groups(trace)
    elsewhere = Config.model_fields.keys() - handed - _OF_THE_RUN

    def is_elsewhere(name: str) -> bool:
        groups = set(name.split(".")[:-1])
        return not groups.isdisjoint(elsewhere) and groups.isdisjoint(handed)

    def is_idle(name: str) -> bool:
        """Tell whether the flow is the same without it, for the walk may read it itself."""
        before = resolve(profile, [*changes, {name: usual[name]}])
        return _groups(graph(before, flow)) == handed

    given = filter(is_elsewhere, changed(profile, changes))
    return [name for name in given if name in usual and is_idle(name)]


def _groups(trace: Trace) -> set[str]:
    """Name the groups of settings that stages are handed."""
    handed = (value for node in trace.nodes.values() for value in node.arguments.values())
    return {value.section for value in handed if isinstance(value, Section)}


def _notifier(config: NotifyConfig) -> FailureNotifier:
    """Make the notifier of a configuration; the environment stands in for a webhook that it does not name."""

    def find_url() -> str:
        try:
            return config.webhook.reveal() or os.environ.get(NAMES.variable("WEBHOOK"), "")
        except ConfigError as error:
            raise ConfigError(f"{error} (notify.webhook)") from None

    return FailureNotifier(find_url, config.timeout_s)


def _page(flow: str, profile: str, config: Config) -> MakePage:
    def make(tracker: Any, results: Results, given: Mapping[str, Result]) -> Page:
        from flows.page import RunPage

        return RunPage(tracker, results, flow, profile, config, given)

    return make
