"""A small project that is edited once: what its files say before and after."""

import re
from collections.abc import Callable, Iterable, Mapping
from math import prod
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

#: in a text: what stands there before the edit, and after it
_CHANGE = re.compile("«([^|»]*)\\|([^»]*)»")

#: a file that is not there says this
ABSENT = "(absent)"

_OUTPUTS = """from stagecraft.files.artifact import Frozen
"""
_TEXT = '''

class Weight(Frozen):
    """What was weighed."""

    text: str
'''
_WALK = '''"""The walk, and what the commands know of it."""

import stalls


def walk(run):
    """Weigh, then sell."""
    weight = run(stalls.weighing{handed})
    run(stalls.selling, weight.{part})
'''
#: results of a stage that hold more than a text
RESULTS = f"{_OUTPUTS}{{top}}\n{_TEXT}    inner: {{field}}\n"
SOLD = f"{_OUTPUTS}{_TEXT.replace('Weight', 'Sold').replace('weighed', 'sold')}"
#: a stage that is given it
SELL = '''from typing import Any

from stalls.sold import Sold
{top}


def sell(record, {parameter}) -> Sold:
    """Sell."""
    return Sold(text=f"sold: {{{read}}}")
'''

_PROJECT = {
    "pyproject.toml": '[tool.seqstep]\nproject = "market.project:PROJECT"\n',
    "shop/__init__.py": "",
    "stalls/__init__.py": '''"""The stages."""

from stagecraft import code
from stagecraft.pipeline.stage import RECORDING, Stage
{imports}
_code = code.Codebase(("stalls", "shop"), leave_out=("stagecraft",), recording=RECORDING)
weighing = Stage(_code, "stalls.steps.weigh", lambda _metrics: "weighed"{declared})
selling = Stage(_code, "stalls.sales.sell", lambda _metrics: "sold")
''',
    "stalls/outputs.py": f"{_OUTPUTS}{_TEXT}",
    "stalls/sales.py": '''from stalls.outputs import Weight


def sell(record, text: str) -> Weight:
    """Sell."""
    return Weight(text=f"sold: {text}")
''',
    "market/__init__.py": _WALK.format(handed="", part="text"),
    "market/project.py": (Path(__file__).parent / "project.txt").read_text("utf-8"),
}

_DEPENDENCIES = "import sys\n\nfrom stagecraft.key.depends import Code, Env, Files, Opaque, Program\n"

_STEPS = '''from stalls import outputs
{top}


def weigh(record) -> outputs.Weight:
    """Weigh."""
{body}
    return outputs.Weight(text=str(({read})))
'''


class Kind(NamedTuple):
    """Cases that differ along some axes; none is made before it is asked for, for there are a million.

    Attributes:
        axes: what `make` takes, one of each.
    """

    name: str
    axes: tuple[Iterable[str], ...]
    make: Callable[..., "Case"]

    def some(self, most: int, draw: Random) -> list["Case"]:
        """Draw at most so many cases."""
        axes = [list(axis) for axis in self.axes]
        count = prod(map(len, axes))
        return [_at(self.make, axes, place) for place in draw.sample(range(count), min(most, count))]

    def first(self) -> "Case":
        """Make the first case."""
        return self.make(*(next(iter(axis)) for axis in self.axes))


def _at(make: Callable[..., "Case"], axes: list[list[str]], place: int) -> "Case":
    """Make the case at a place among all, of which the last axis varies first."""
    chosen = []
    for axis in reversed(axes):
        place, own = divmod(place, len(axis))
        chosen.append(axis[own])
    return make(*reversed(chosen))


class Case(NamedTuple):
    """A project with its edit.

    Attributes:
        kind: what it is a variant of.
        files: texts by path from the project's folder, with `«before|after»` where they are edited.
        made: by path, statements that write `path`, edited in the same way.
        environment: variables, `NAME=VALUE` a line, edited in the same way.
        needs: a program without which the case can't be made.
        declared: what the stage says that it depends on besides, as source.
    """

    kind: str
    variant: str
    files: Mapping[str, str]
    made: Mapping[str, str]
    environment: str = ""
    needs: str = ""
    declared: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.kind} ({self.variant})" if self.variant else self.kind

    def variables(self, edited: bool) -> dict[str, str]:
        """Tell the variables of the environment before or after the edit."""
        lines = resolved(self.environment, edited).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def write(self, folder: Path, edited: bool) -> None:
        """Write the project as it is before or after its edit; what is the same already stays untouched."""
        texts = _PROJECT | dict(self.files)
        texts["stalls/__init__.py"] = self._stages()
        for name, text in texts.items():
            _put(folder / name, resolved(text, edited))
        for name, statements in self.made.items():
            if "«" in statements or not edited:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.unlink(missing_ok=True)
                names: dict[str, Any] = {"path": path}
                exec(resolved(statements, edited), names)

    def _stages(self) -> str:
        depends = f", depends=({self.declared},)" if self.declared else ""
        text = _PROJECT["stalls/__init__.py"].replace("{declared}", depends)
        return text.replace("{imports}", _DEPENDENCIES if self.declared else "")


def steps(top: str, read: str, body: str = "") -> str:
    """Write the module of the stage: its own level, and what its value is."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return _STEPS.format(top=top.strip("\n"), body=lines.rstrip("\n"), read=read.strip())


def walk(handed: str, part: str) -> str:
    """Write the walk: what the first stage is handed, and the part of its result that the second one is."""
    names = [name for name in ("core", "more") if f"{name}." in handed]
    imports = f"import stalls\nfrom shop import {', '.join(names)}\n" if names else "import stalls\n"
    return _WALK.format(handed=handed, part=part).replace("import stalls\n", imports)


def resolved(text: str, edited: bool) -> str:
    """Take what a text says before or after the edit."""
    return _CHANGE.sub(r"\2" if edited else r"\1", text)


def _put(path: Path, text: str) -> None:
    if text.strip() == ABSENT:
        path.unlink(missing_ok=True)
    elif not path.exists() or path.read_text("utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
