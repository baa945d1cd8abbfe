"""Cases by families: blocks times what stands around them times ways to them times what is edited."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from tests.soak.keys.market.blocks import Block, read_blocks
from tests.soak.keys.market.case import RESULTS, SELL, SOLD, Case, Kind, resolved, steps, walk
from tests.soak.keys.market.data_files import data_files
from tests.soak.keys.market.surroundings import SCOPES, SURROUNDINGS, surrounded

#: how `VALUE` is written, and the file that it then stands in
EDITS = {
    "literal": ("«1|2»", ""),
    "constant of another module": ("amounts.ONE", "ONE = «1|2»\n"),
    "function of another module": ("amounts.one()", "def one():\n    return «1|2»\n"),
    "method of another module": (
        "amounts.Scale().one()",
        "class Scale:\n    def one(self):\n        return «1|2»\n",
    ),
    "default of another module": ("amounts.one()", "def one(number=«1|2»):\n    return number\n"),
    "property of another module": (
        "amounts.scale.one",
        "class Scale:\n    @property\n    def one(self):\n        return «1|2»\n\n\nscale = Scale()\n",
    ),
    "class attribute of another module": ("amounts.Scale.one", "class Scale:\n    one = «1|2»\n"),
    "environment of another module": (
        "amounts.ONE",
        "import os\n\nos.environ['ONE'] = '«1|2»'\nONE = int(os.environ['ONE'])\n",
    ),
}
_AMOUNTS = "from shop import amounts\n"
TO_EFFECTS, TO_NAMES = read_blocks("ways_to_effects"), read_blocks("ways_to_names")


def effects() -> Iterator[Kind]:
    """What is done on import, in all its surroundings, by all ways, with all edits."""
    for block in read_blocks("effects").values():
        around = (name for name in SURROUNDINGS if name not in SCOPES or not _is_for_modules(block))
        yield Kind(block.name, (list(around), TO_EFFECTS, _edits(block)), partial(_effect, block))


def readings() -> Iterator[Kind]:
    """What the stage calls, by all ways to its name, with all edits."""
    for block in read_blocks("readings").values():
        ways = block.part("ways").split(", ") if block.part("ways") else TO_NAMES
        yield Kind(block.name, (ways, _edits(block)), partial(_reading, block))


def others() -> Iterator[Kind]:
    """What lies outside of the followed code, reached from a helper and from the stage's own module."""
    for block in read_blocks("others").values():
        ways = [block.part("ways")] if block.part("ways") else ["from package", "own module"]
        yield Kind(block.name, (ways, [""]), partial(_reading, block))


def settings() -> Iterator[Kind]:
    """What the walk hands a stage."""
    for block in read_blocks("settings").values():
        yield Kind(block.name, (), partial(_setting, block))


def results() -> Iterator[Kind]:
    """What one stage yields and another is given."""
    for block in read_blocks("results").values():
        yield Kind(block.name, (), partial(_result, block))


def declared() -> Iterator[Case]:
    """What lies outside of the followed code and is declared."""
    for block in read_blocks("others").values():
        if said := block.part("declared"):
            yield _reading(block, "from package", "")._replace(declared=said)


def plain(names: Iterable[str], edit: str) -> Iterator[Case]:
    """Blocks that a helper holds, with one way to edit them; `comment` changes nothing."""
    for block in (read_blocks("readings")[name] for name in names):
        case = _reading(block, "from package", "literal" if edit == "comment" else edit)
        if edit == "comment":
            files = {name: resolved(text, edited=False) for name, text in case.files.items()}
            case = case._replace(files={**files, "shop/core.py": f"{files['shop/core.py']}«|# New.\n»"})
        yield case


#: name -> every kind of it
FAMILIES: dict[str, Callable[[], Iterator[Kind]]] = {
    "effects": effects,
    "readings": readings,
    "data files": data_files,
    "others": others,
    "settings": settings,
    "results": results,
}


def _setting(block: Block) -> Case:
    stage = steps("from shop import core\n", block.read)
    files = {
        "shop/core.py": block.core,
        "stalls/steps.py": stage.replace("(record)", f"(record, {block.part('parameter')})"),
        "market/__init__.py": walk(f", {block.part('handed')}", "text"),
        **block.titled("file "),
    }
    return Case(block.name, "", files, {})


def _result(block: Block) -> Case:
    made = block.part("made")
    files = {
        "stalls/outputs.py": RESULTS.format(top=block.core, field=block.part("field")),
        "stalls/steps.py": steps("", "1").replace("=str((1))", f"='1', inner={made}"),
        "stalls/sold.py": SOLD,
        "stalls/sales.py": SELL.format(
            top=block.part("imports"), parameter=block.part("parameter"), read=block.read
        ),
        "market/__init__.py": walk("", "inner"),
    }
    return Case(block.name, "", files, {})


def _is_for_modules(block: Block) -> bool:
    return "only at the module's level" in block.sections


def _edits(block: Block) -> list[str]:
    return [""] if block.edits_itself else list(EDITS)


def _valued(text: str, edit: str) -> tuple[str, str]:
    """Write `VALUE` in one of the ways; return what must be imported for that, and the text."""
    if not edit or not re.search(r"\bVALUE\b", text):
        return "", text
    value, other = EDITS[edit]
    return _AMOUNTS if other else "", re.sub(r"\bVALUE\b", value, text)


def _amounts(edit: str) -> dict[str, str]:
    other = EDITS[edit][1] if edit else ""
    return {"shop/amounts.py": other} if other else {}


def _effect(block: Block, around: str, way: str, edit: str) -> Case:
    route = TO_EFFECTS[way]
    core = "".join(_valued(f"{block.core}\n", edit))
    imports, effect = _valued(block.sections["effect"], edit)
    effect = imports + surrounded(effect, around) + "\n"
    files = {"shop/core.py": core, **_amounts(edit), **route.titled("file ")}
    files["shop/core.py"] += f"\n{route.part('more of the core')}\n"
    if place := route.part("place"):
        files[place] = f"from shop import core\n{effect}\nMARK = 0\n"
    top = route.core if place else effect
    files["stalls/steps.py"] = steps(f"from shop import core\n{top}", block.read, route.part("body"))
    return Case(block.name, _variant(around, way, edit), files, {})


def _reading(block: Block, way: str, edit: str) -> Case:
    route, body = TO_NAMES[way], block.part("body")
    core = "".join(_valued(f"{block.core}\n", edit))
    files = {**_amounts(edit), **route.titled("file "), **block.titled("file ")}
    names = sorted(set(re.findall(r"\bcore\.(\w+)", block.read + body)))
    top = route.core.replace("NAMES", ", ".join(names))
    if place := route.part("place"):
        files[place] = core
    else:
        top = core
    called = route.sections.get("called", "core.")
    read, body = (re.sub(r"\bcore\.", called, text) for text in (block.read, body))
    files["stalls/steps.py"] = steps(top, read, f"{route.part('body')}\n{body}")
    return Case(
        block.name,
        _variant(way, edit),
        files,
        block.titled("make "),
        block.part("environment"),
        block.part("needs"),
    )


def _variant(*parts: str) -> str:
    return ", ".join(filter(None, parts))
