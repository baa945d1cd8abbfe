"""From what a user says to a request: the configuration, the flow, and what goes with them."""

import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flows.walk import WHOLE, graph, walk
from seqstep.errors import ConfigError
from seqstep.settings.config import Config, NotifyConfig
from seqstep.settings.resolving import flatten, given_alone, resolve
from seqstep_cli import NAMES
from stagecraft.cache.result import Result
from stagecraft.cache.results import Results
from stagecraft.patience import Patience
from stagecraft.pipeline.selection import Selector
from stagecraft.progress.notifying import FailureNotifier
from stagecraft.runs.request import MakePage, Page, Request

_ONLY = {
    "text": "only a text was given, so the flow text runs; --flow pipeline runs the series too",
    "series": "only a series was given, so the flow series runs; --flow pipeline runs the text too",
}


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
    config = resolve(profile, changes)
    notices: list[str] = []
    if not flow and (half := given_alone(profile, changes)):
        notices.append(_ONLY[half])
        flow = half
    return Request(
        flow=flow or WHOLE,
        profile=profile,
        selector=selector,
        offline=offline,
        walk=partial(walk, profile=profile, config=config, offline=offline),
        trace=graph(config, flow or WHOLE),
        settings=json.loads(config.model_dump_json()),
        parameters={"profile": profile, **flatten(config)},
        patience=Patience(**dict(config.retry)),
        notifier=_notifier(config.notify),
        make_page=_page(flow or WHOLE, profile, config),
        command=f"{NAMES.project} run {profile}",
        notices=notices,
    )


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
