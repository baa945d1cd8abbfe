"""Settings of a stage that have one name: only one of them would count, so they are refused."""

from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from stagecraft.code import Codebase
from stagecraft.errors import WiringError
from stagecraft.pipeline.call import Call
from stagecraft.pipeline.stage import Stage

_numbers = count()

_SOURCE = """
from typing import ClassVar

from pydantic import BaseModel
from stagecraft.files.artifact import Frozen


class Net(BaseModel):
    section: ClassVar[str] = "net"
    hidden: int = 1
    rate: float = 1.0


class Copied(Net):
    size: int = 3


class Other(BaseModel):
    section: ClassVar[str] = "net"
    hidden: int = 1
    size: int = 3


class Loose(BaseModel):
    section: ClassVar[str] = ""
    seed: int = 0


class Named(BaseModel):
    seed: int = 0


class Made(Frozen):
    total: int


def trained(record, HEAD) -> Made:
    return Made(total=BODY)
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Call]:
    """Makes a stage whose function has this head and reads these settings, with its arguments."""

    def make(head: str, body: str, **arguments: str) -> Call:
        name = f"settings_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(_SOURCE.replace("HEAD", head).replace("BODY", body))
        monkeypatch.syspath_prepend(str(tmp_path))
        stage = Stage(Codebase((name,), leave_out=("stagecraft",)), f"{name}.trained", lambda _: "")
        names: dict[str, Any] = vars(import_module(name))
        return Call(stage, stage.bind(**{each: eval(value, names) for each, value in arguments.items()}))

    return make


@pytest.mark.parametrize(
    ("head", "body", "arguments", "words"),
    [
        ("one: Net, two: Net", "one.hidden + two.hidden", {"one": "Net()", "two": "Net()"}, "net.hidden"),
        ("one: Net, two: Copied", "one.rate + two.rate", {"one": "Net()", "two": "Copied()"}, "net.rate"),
        ("seed: int, all: Loose", "seed + all.seed", {"seed": "7", "all": "Loose()"}, "seed"),
        ("one: Loose, **others: Loose", "one.seed", {"one": "Loose()", "two": "Loose()"}, "seed"),
    ],
)
def test_two_settings_of_one_name_are_refused(
    made: Callable[..., Call], head: str, body: str, arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(WiringError, match=rf"two settings that are both called {words}, one as \w+ and one"):
        made(head, body, **arguments).check()


def test_settings_that_are_not_read_or_stand_under_the_parameters_name_are_well(
    made: Callable[..., Call],
) -> None:
    apart = made("one: Net, two: Other", "one.hidden + two.size", one="Net()", two="Other()")
    apart.check()
    assert apart.parameters() == {"net.hidden": 1, "net.size": 3}
    named = made("one: Named, two: Named", "one.seed + two.seed", one="Named()", two="Named(seed=4)")
    named.check()
    assert named.parameters() == {"one.seed": 0, "two.seed": 4}
