"""A grid: settings with the values that each is to have, and the points that they make together."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from secrecy import quote, redact
from seqstep.errors import ConfigError

#: by dotted name, values as they stand on a command line
Grid = Mapping[str, tuple[str, ...]]
#: by dotted name, one value of each
Point = Mapping[str, str]

_EXAMPLE = "such as rnn.hidden=128,256,512"


def read_grid(texts: Sequence[str]) -> Grid:
    """Turn `["rnn.hidden=128,256", "seed=0,1"]` into the values of each setting.

    Values are parted by commas, or by semicolons where there is one: a setting that is a list has commas
    of its own (`forecast.horizons=1,4;1,16`).

    Raises:
        ConfigError: a text without a name or a value, or a name or a value that is there twice.
    """
    grid: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, values = _read(text)
        if name in grid:
            raise ConfigError(f"expected {name} in the grid once, got it twice; list all its values in one")
        grid[name] = values
    return grid


def points(grid: Grid) -> Iterator[Point]:
    """Make all combinations, the last setting varying fastest."""
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def assignments(point: Point) -> list[str]:
    """Write a point as assignments: `rnn.hidden=128`."""
    return [f"{name}={value}" for name, value in point.items()]


def read_values(name: str, text: str) -> tuple[str, ...]:
    """Part the values of a setting.

    Raises:
        ConfigError: there is none, or one of them twice.
    """
    mark = ";" if ";" in text else ","
    values = tuple(value.strip() for value in text.split(mark) if value.strip())
    if not values:
        raise ConfigError(f"expected values of {name}, {_EXAMPLE}, got none")
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(
                f"expected each value of {name} once, got {redact(value)} {values.count(value)} times"
            )
    return values


def _read(text: str) -> tuple[str, tuple[str, ...]]:
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not name:
        raise ConfigError(f"expected KEY=V1,V2,…, {_EXAMPLE}, got {quote(redact(text))}")
    return name, read_values(name, values)
