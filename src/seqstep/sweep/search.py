"""A search space: settings with the range, or the choices, that values are tried from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from secrecy import quote, redact
from seqstep.errors import ConfigError
from seqstep.settings.resolving import flatten, resolve
from seqstep.sweep.grid import Point, read_values

_NUMBER = r"[-+]?[\d.]+?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})(?P<log>:log)?")
_EXAMPLE = "such as rnn.learning_rate=0.05..1.0, rnn.hidden=16..512:log or rnn_layer.cell=rnn,gru"


class Span(NamedTuple):
    """Numbers from `low` to `high`, both included.

    Attributes:
        log: whether ratios are spread evenly instead of differences.
        whole: whether they are whole numbers.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """Both ends, as they stand on a command line."""
        return tuple(str(int(end) if self.whole else end) for end in (self.low, self.high))

    @property
    def text(self) -> str:
        """Write it as it stands on a command line."""
        return "..".join(self.values) + (":log" if self.log else "")


class Choices(NamedTuple):
    """Some values, as they stand on a command line."""

    values: tuple[str, ...]

    @property
    def text(self) -> str:
        """Write them as they stand on a command line."""
        return ",".join(map(redact, self.values))


Space = Mapping[str, Span | Choices]


def read_space(texts: Sequence[str], profile: str, changes: Iterable[Mapping[str, Any]] = ()) -> Space:
    """Turn `["rnn.learning_rate=0.05..1.0:log"]` into a space, with both ends of each range tried.

    Args:
        profile: with `changes`, the configuration that points change.

    Raises:
        ConfigError: a text that is no range and no list, an unknown setting, or a value out of its bounds.
    """
    changes, space = list(changes), dict[str, Span | Choices]()
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise ConfigError(f"expected KEY=LOW..HIGH or KEY=A,B, {_EXAMPLE}, got {quote(redact(text))}")
        if name in space:
            raise ConfigError(f"expected {name} in the search once, got it twice")
        space[name] = _read(profile, changes, name, values)
    return space


def samples(space: Space) -> Iterator[Point]:
    """Make points in which each choice and both ends of each range occur, all others being the first."""
    first = {name: part.values[0] for name, part in space.items()}
    yield first
    for name, part in space.items():
        for value in part.values[1:]:
            yield {**first, name: value}


def _read(profile: str, changes: Sequence[Mapping[str, Any]], name: str, values: str) -> Span | Choices:
    found = _RANGE.fullmatch(values)
    tried = (found["low"], found["high"]) if found else read_values(name, values)
    ends = [_tried(profile, changes, name, value) for value in tried]
    return _span(name, ends, log=bool(found["log"])) if found else Choices(tried)


def _tried(profile: str, changes: Sequence[Mapping[str, Any]], name: str, value: str) -> Any:
    """Find out what a value of a setting comes to."""
    return flatten(resolve(profile, [*changes, {name: value}]))[name]


def _span(name: str, ends: Sequence[Any], log: bool) -> Span:
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
        raise ConfigError(f"{name} is no number, so it has no range; list its choices: --search {name}=A,B")
    low, high = ends
    if low >= high:
        raise ConfigError(f"expected the lower end of {name} first, got {low} and {high}")
    if log and low <= 0:
        raise ConfigError(f"expected a lower end of {name} above 0 for a logarithmic scale, got {low}")
    return Span(float(low), float(high), log, isinstance(low, int))
