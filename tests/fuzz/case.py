"""What is tried: a command line with its files and its environment, each made from its name alone."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from tests.fuzz import environments, files
from tests.fuzz.command_lines import command_line
from tests.fuzz.values import number


class Case(NamedTuple):
    """What is tried.

    Attributes:
        name: from which it can be made again.
        files: by their names in the current folder.
        environ: variables besides those of the session.
    """

    name: str
    argv: Sequence[str]
    files: Mapping[str, bytes] = {}
    environ: Mapping[str, str] = {}

    def told(self) -> str:
        """Write it as a shell would take it, with the line that tries it again."""
        settings = [f"{name}={shlex.quote(value)}" for name, value in self.environ.items()]
        line = ascii(" ".join([*settings, "seqstep", *map(shlex.quote, self.argv)]))
        contents = [f"    {name}: {content[:300]!r}" for name, content in self.files.items()]
        again = f"    again: DOORS={self.name!r} python -m pytest -n0 tests/fuzz"
        return "\n".join([f"{self.name}: {line[:2000]}", *contents, again])


def _command_line(name: str, rng: Random) -> Case:
    argv = command_line(rng)
    named = {"mine.toml": files.toml, "mine.csv": files.series} if rng.random() < 0.3 else {}
    return Case(name, argv, {file: make(rng) for file, make in named.items()})


def _settings(name: str, rng: Random) -> Case:
    command = rng.choice(["config", "config", "config", "plan", "plan", "stages"])
    words = [command, "--config", "mine.toml", *(["--json"] if rng.random() < 0.5 else [])]
    return Case(name, words, {"mine.toml": files.toml(rng)})


def _series(name: str, rng: Random) -> Case:
    content = files.series(rng)
    header = content.split(b"\n")[0].decode("utf-8", "replace")
    column = rng.choice(["load", "load", "load", *header.split(",")]).strip()
    words = ["forecast", f"--series=mine.csv:{column}", "--horizon", rng.choice(["1", "3", number(rng)[:3]])]
    words += ["--set", f"series.gaps={rng.choice(['refuse', 'interpolate'])}"]
    words += [f"series.decimal={rng.choice('.,')}", f"series.separator={rng.choice(['auto', ',', ';'])}"]
    words += rng.choice([[], ["--json"], ["--output", "out.csv"], ["--output", "/dev/stdout"]])
    return Case(name, words, {"mine.csv": content})


def _text(name: str, rng: Random) -> Case:
    words = ["run", "--offline", "--until", rng.choice(["verify", "tokenize", "vocab"])]
    words += rng.choice([[], ["--json"], ["--log-file", "log"]])
    clean, least = rng.choice(["ascii_letters", "unicode_letters", "none"]), rng.choice([0, 2, 10**6])
    words += ["--set", "corpus.path=mine.txt", f"text.clean={clean}", f"text.min_freq={least}"]
    return Case(name, words, {"mine.txt": files.plain(rng)})


def _environment(name: str, rng: Random) -> Case:
    return Case(name, rng.choice(environments.COMMANDS).split(), {}, environments.environment(rng))


#: how to make a case of each kind
FAMILIES: Mapping[str, Callable[[str, Random], Case]] = {
    "command line": _command_line,
    "settings": _settings,
    "series": _series,
    "text": _text,
    "environment": _environment,
}


def case(name: str) -> Case:
    """Make a case of its name, such as `series 17`."""
    return FAMILIES[name.rpartition(" ")[0]](name, Random(name))
