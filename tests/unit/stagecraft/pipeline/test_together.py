"""Whether stages of one process leave alone what others of them read."""

from pathlib import Path

import pytest

from stagecraft.code import Codebase, CodeError
from stagecraft.key.depends import Opaque
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.together import check_together

READING = "import math\ndef read(record): return math.floor(1.5)\n"
CHANGING = "import math\nmath.floor = math.ceil\ndef change(record): ...\n"
IN_A_FUNCTION = "import math\ndef change(record): math.floor = math.ceil\n"


REGISTERING = """import codecs, math
codecs.register(None)
def change(record): ...
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / f"shop_of_{tmp_path.name}"
    package.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    return package


@pytest.mark.parametrize("text", [CHANGING, IN_A_FUNCTION, REGISTERING])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_one_stage_changes_is_refused_for_those_that_do_not_import_it(
    package: Path, text: str, is_first: bool
) -> None:
    (package / "reading.py").write_text(READING)
    (package / "changing.py").write_text(text)
    code = Codebase((package.name,))

    def make(target: str, *depends: Opaque) -> Stage:
        return Stage(code, f"{package.name}.{target}", lambda _: "", depends=depends)

    changing, opaque = make("changing.change", Opaque("why", version="1")), Opaque("why", version="1")
    check_together([make("reading.read")])
    check_together([make("reading.read", opaque), changing])
    reading = make("reading.read")
    with pytest.raises(CodeError, match=r"^read: .*changing\.py:2: \S+ changes.* have change, whose"):
        check_together([reading, changing] if is_first else [changing, reading])


CORE = """
from abc import ABC
from functools import cache, singledispatch
SCALE = 0
TABLE = {}
class Config:
    scale, names = 0, []
    def __init__(self): self.scale = 0
    def start(self): self.scale = 1
    def fill(self): self.names.append(1)
    @classmethod
    def put_all(cls): cls.scale = 1
    def put_kind(self): type(self).scale = 1
class Low(Config): ...
CONFIG = Low()
def make(): return Config()
MADE = make()
@cache
def kept(): return Config()
class Base(ABC): ...
@singledispatch
def price(x): return 0
def put():
    global SCALE
    SCALE = 1
def put_item(): TABLE["a"] = 1
def put_attribute(): Config.scale = 1
def fill_names(): Config.names.append(1)
def own(): return Config()
"""
SHARED = [
    *(
        ("core.put()", "core.SCALE"),
        ("core.put_item()", "core.TABLE"),
        ("core.CONFIG.start()", "core.CONFIG.scale"),
    ),
    *(("core.MADE.start()", "core.MADE.scale"), ("core.kept().start()", "core.kept().scale")),
    *(("core.CONFIG.fill()", "core.CONFIG.names"), ("core.Config.put_all()", "core.Config.scale")),
    *(("core.CONFIG.put_kind()", "core.Config.scale"), ("core.put_attribute()", "core.own()")),
    *(("core.fill_names()", "core.Config.names"), ("import shop.dispatched", "core.price(1)")),
    ("import shop.registered", "isinstance(1, core.Base)"),
]
UNSHARED = [
    *(
        ("core.put()", "core.TABLE"),
        ("core.put()", "core.put(), core.SCALE"),
        ("core.own().start()", "core.own().scale"),
    ),
    *(("core.own().fill()", "core.Base"), ("core.CONFIG.start()", "core.Config.scale")),
    ("core.CONFIG.start()", "core.CONFIG.start(), core.CONFIG.scale"),
]


def check(package: Path, changing: str, reading: str) -> None:
    texts = {
        "core": CORE,
        "dispatched": "from shop.core import price\n@price.register\ndef _(x: int): return 1",
        "registered": "from shop.core import Base\nBase.register(int)",
        "changing": f"from shop import core\ndef change(record):\n    {changing}",
        "reading": f"from shop import core\ndef read(record): return {reading}",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text.replace("shop", package.name))
    code, targets = Codebase((package.name,)), ("reading.read", "changing.change")
    check_together([Stage(code, f"{package.name}.{target}", lambda _: "") for target in targets])


@pytest.mark.parametrize(("changing", "reading"), SHARED)
def test_what_a_stage_sets_by_a_function_that_another_one_does_not_reach_is_refused_for_that(
    package: Path, changing: str, reading: str
) -> None:
    with pytest.raises(CodeError, match=r"^read: .* or have change, whose"):
        check(package, changing, reading)


@pytest.mark.parametrize(("changing", "reading"), UNSHARED)
def test_what_it_does_not_read_or_knows_is_not(package: Path, changing: str, reading: str) -> None:
    check(package, changing, reading)
