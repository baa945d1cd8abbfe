"""Command lines, from what the program's own parser knows."""

import argparse
from collections.abc import Callable, Sequence
from random import Random

from seqstep.settings.config import PROFILES
from seqstep_cli.main import PROGRAM
from stagecraft.cli.main import build_parser
from tests.fuzz.files import assignment, setting
from tests.fuzz.values import anything, number, path, text

STAGES = ["download", "verify", "tokenize", "vocab", "ngrams", "series", "train_mlp", "train_rnn", "report"]
CHEAP = ["download", "verify", "tokenize", "vocab", "series"]
#: how often each command is tried; those that start servers are only asked for what they refuse
COMMANDS = {
    **{"plan": 20, "config": 14, "stages": 6, "generate": 8, "score": 8, "forecast": 10, "promote": 6},
    **{
        "runs": 3,
        "show": 3,
        "diff": 3,
        "doctor": 3,
        "gc": 4,
        "backup": 3,
        "restore": 3,
        "run": 5,
        "sweep": 6,
    },
    **{"up": 2, "serve": 2},
}
_HUGE = 2000


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Find the parser of each command."""
    (found,) = (
        action for action in build_parser(PROGRAM)._actions if isinstance(action, argparse._SubParsersAction)
    )
    return dict(found.choices)


def _small(rng: Random) -> str:
    """Write a number of things to make: what would take hours is no mistake."""
    written = number(rng)
    try:
        is_huge = float(written) > _HUGE
    except ValueError:
        is_huge = False
    return "3" if is_huge else written


def _stage(rng: Random) -> str:
    return rng.choice(STAGES) if rng.random() < 0.8 else text(rng)


def _model(rng: Random) -> str:
    usual = [
        "rnn",
        "mlp",
        "rnn-scratch",
        "rnn/1",
        "rnn/99",
        "rnn@latest",
        "rnn@champion",
        "seqstep-mlp",
        "mlp/0",
    ]
    return rng.choice(usual) if rng.random() < 0.7 else text(rng)


def _run(rng: Random) -> str:
    usual = ["latest", "latest~0", "latest~1", "latest~99999999999999999999", "latest~-1", "0", "a", "f" * 32]
    return rng.choice(usual) if rng.random() < 0.7 else text(rng)


def _grid(rng: Random) -> str:
    return f"{setting(rng)}={anything(rng)},{anything(rng)}" if rng.random() < 0.8 else text(rng)


def _search(rng: Random) -> str:
    kinds = [
        f"{number(rng)}..{number(rng)}",
        f"{number(rng)}..{number(rng)}:log",
        f"{number(rng)},{anything(rng)}",
        text(rng),
    ]
    return f"{setting(rng)}={rng.choice(kinds)}"


def _series(rng: Random) -> str:
    return (
        f"{path(rng)}:{text(rng)}"
        if rng.random() < 0.5
        else rng.choice(["data.csv:load", "data.csv:", ":", "mine.csv:load"])
    )


VALUES: dict[str, Callable[[Random], str]] = {
    "profile": lambda rng: rng.choice([*PROFILES, "quick", "quick"]) if rng.random() < 0.9 else text(rng),
    "assignments": assignment,
    "config": lambda rng: "mine.toml" if rng.random() < 0.7 else path(rng),
    "flow": lambda rng: rng.choice(["pipeline", "text", "series"]) if rng.random() < 0.6 else text(rng),
    **dict.fromkeys(["only", "since", "until", "force", "code"], _stage),
    **dict.fromkeys(["limit", "top_k", "seed", "temperature", "trials", "jobs", "port", "min_gain"], number),
    **dict.fromkeys(["length", "horizon"], _small),
    **dict.fromkeys(["prefix", "texts", "metric", "put_back", "host"], text),
    **dict.fromkeys(["max_bytes", "older_than", "set_aside"], number),
    **dict.fromkeys(["file", "log_file", "output"], path),
    **dict.fromkeys(["run", "first", "second"], _run),
    **{"model": _model, "grid": _grid, "search": _search, "series": _series},
}


#: what is nothing odd, where anything odd is not asked for
USUAL: dict[str, list[str]] = {
    "profile": ["quick"],
    "assignments": ["mlp.epochs=3", "rnn.hidden=8", "seed=2", "text={clean=none}", "forecast.horizons=[1,4]"],
    "config": ["mine.toml"],
    "flow": ["pipeline", "series"],
    **dict.fromkeys(("only", "since", "until", "force", "code"), CHEAP),
    **{name: ["1", "3"] for name in ("limit", "top_k", "seed", "trials", "jobs", "length", "horizon")},
    **{"temperature": ["0", "0.5"], "min_gain": ["0", "1%"], "max_bytes": ["1GB"], "older_than": ["30d"]},
    **{"prefix": ["time"], "texts": ["time", "the traveller"], "run": ["latest"], "first": ["latest"]},
    **{
        "second": ["latest"],
        "model": ["rnn"],
        "file": ["new.tar"],
        "log_file": ["log"],
        "output": ["new.csv"],
    },
    **{"grid": ["seed=1,2"], "search": ["rnn.hidden=4..8"], "series": ["data.csv:load"], "set_aside": ["1h"]},
}


def _values(action: argparse.Action, rng: Random, oddness: float) -> list[str]:
    """Write the values of an argument."""
    if action.nargs == 0:
        return [text(rng)] if rng.random() < 0.01 else []
    one = rng.choice([1, 1, 2, 3]) if action.nargs in ("+", "*") else 1
    count = 0 if action.nargs == "?" and rng.random() < 0.3 else one
    return [_value(action, rng, oddness) for _ in range(count)]


def _value(action: argparse.Action, rng: Random, oddness: float) -> str:
    if rng.random() > oddness:
        usual = USUAL.get(action.dest) or list(action.choices or ())
        if usual:
            return str(rng.choice(usual))
    return (VALUES.get(action.dest, anything) if rng.random() < 0.97 else anything)(rng)


def _words(parser: argparse.ArgumentParser, rng: Random, passed_over: Sequence[str] = ()) -> list[str]:
    """Write the arguments of a command."""
    words: list[list[str]] = []
    oddness = rng.choice([0.1, 0.3, 0.6, 1])
    for action in parser._actions:
        if action.dest in ("help", "debug", *passed_over):
            continue
        times = 1 if rng.random() < (0.25 if action.option_strings and not action.required else 0.9) else 0
        times += rng.random() < 0.05 * oddness
        for _ in range(times):
            values = _values(action, rng, oddness)
            option = [rng.choice(action.option_strings)] if action.option_strings else []
            if option and values and rng.random() < 0.2:
                option, values = [f"{option[0]}={values[0]}"], values[1:]
            words.append([*option, *values])
    if rng.random() < 0.05 * oddness:
        words.append([text(rng)])
    rng.shuffle(words)
    if rng.random() > oddness:  # an option of several values would take what follows
        words.sort(key=lambda part: part[0].startswith("-") if part else True)
    return [word for part in words for word in part]


def command_line(rng: Random) -> list[str]:
    """Write a command line; none of them starts a server, or trains."""
    if rng.random() < 0.02:
        return [text(rng) for _ in range(rng.randrange(3))]
    command = rng.choices(list(COMMANDS), list(COMMANDS.values()))[0]
    passed_over = ["only", "since", "until", "force"] if command == "run" else []
    words = [command, *_words(parsers()[command], rng, passed_over), *_braked(command, rng)]
    return [word.replace("\x00", "") for word in words]


def _braked(command: str, rng: Random) -> list[str]:
    """Write what keeps a command from going on for long."""
    return {
        "up": [f"--prefect-port={rng.choice(['0', 'x', '70000', '-1', ''])}"],
        "serve": [f"--port={rng.choice(['0', 'x', '0x1'])}"],
        "sweep": [f"--metric=no such metric {text(rng)}"],
        "run": ["--offline", rng.choice(["--only", "--until"]), rng.choice(CHEAP)],
    }.get(command, [])
