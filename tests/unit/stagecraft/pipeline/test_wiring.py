"""A walk that does not fit together is refused by name, and nothing of its stages is imported for that."""

import re
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from secrecy import quote
from stagecraft.code import Codebase, CodeError
from stagecraft.errors import UsageError, WiringError, shown
from stagecraft.key.depends import Network
from stagecraft.pipeline.handle import Handle, as_written, path_of
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Trace


class Sized(BaseModel):
    section: ClassVar = "size"
    count: int


_numbers = count()

_SOURCE = '''
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, NewType, TypedDict, TypeVar

import a_heavy_library
from stagecraft.files.artifact import Artifact, Frozen, Reference

if TYPE_CHECKING:
    from stagecraft.mlflow import Record


class Size(Frozen):
    count: int


class Part(Frozen):
    ids: Artifact
    size: Size
    word: str


class Whole(Frozen):
    left: Part
    right: Part | None
    files: tuple[Artifact, ...]


class Clashing(Frozen):
    path: Artifact
    stage: str
    pick: str


def make(record, size: int = 3, share: float = 0.5, names: Mapping[str, int] = {}) -> Whole:
    """Make both."""


def use(record, part: Part, other: Part | None = None, late: Artifact = None) -> Part:
    """Use them."""


def perhaps(record) -> Part | None:
    """Make it, or not."""


def late(words: Artifact, record: "Record") -> Part:
    """Take the record last."""


def empty() -> Part:
    """Take nothing."""


def sized(record, size) -> Part:
    """Take a size."""


def gone(record) -> Part:
    """Be there, and no more."""


del gone


def a_text(record) -> str:
    """Make a text."""


def several(record) -> tuple[Part, ...]:
    """Make some."""


def lazily(record) -> Part:
    """Make it bit by bit."""
    yield record


def gather(
    record, files: tuple[Artifact, ...], tensor: a_heavy_library.Tensor, *, plain=3, **parts: Part
) -> Part:
    """Gather many."""


Name = NewType("Name", str)
Some = TypeVar("Some", bound=Artifact)
Either = TypeVar("Either", int, Artifact)


def spelled(
    record,
    name: Name = "",
    some: Some = None,
    choice: Literal["a", "b", 3] = "a",
    counts: list[int] = None,
    shares: dict[str, float] = None,
    words: frozenset[str] = None,
    rows: Sequence[int] = None,
    table: Mapping[str, int] = None,
    either: Either = None,
) -> Part:
    """Take what is spelled in many ways."""


def many(record, *parts: Part) -> Part:
    """Take any number without names."""


def unnamed(record, part: Part, /) -> Part:
    """Take one without a name."""


def a_mapping(record) -> dict[str, str]:
    """Make what is no model."""


@dataclass
class Plain:
    word: str


def a_dataclass(record) -> Plain:
    """Make what is no model either."""


class Row(NamedTuple):
    word: str


class Table(TypedDict):
    word: str


def a_named_tuple(record) -> Row:
    """Make what is no model, of a base that nothing tells of."""


def a_typed_dict(record) -> Table:
    """Make that too."""


T = TypeVar("T")


class Box(Frozen, Generic[T]):
    inner: T


class Boxes(Frozen):
    box: Box[Artifact]
    table: dict[str, Artifact]
    row: Row


def a_box(record) -> Box[Artifact]:
    """Make a model whose fields depend on what stands in brackets."""


def boxes(record) -> Boxes:
    """Make several."""


def guess(
    record, thing: object = None, size: Size = None, base: Frozen = None, files: Sequence[Artifact] = ()
) -> Part:
    """Take what its hints do not say exactly."""


class Sized(Size):
    pass


class Rows(Frozen):
    sized: Sized
    counts: tuple[int, ...]
    table: dict[str, Sized]
    word: str | None
    share: float


def rows(record) -> Rows:
    """Make rows."""


def clash(record) -> Clashing:
    """Yield what no handle can name."""


def nothing(record):
    """Yield nothing that is known."""


try:
    class Tried(Frozen):
        ids: Artifact

    def tried(record, part: Part) -> Tried:
        """Be defined where that may fail."""
except RuntimeError:
    pass

if a_heavy_library.is_new:
    def either(record, part: Part) -> Part:
        """Take one thing."""
else:
    def either(record, whole: Whole) -> Part:
        """Take another."""


def keep(record, tried: Tried) -> Part:
    """Take what was tried."""
'''

_DECORATED = """
import functools
from typing import final

import torch
from stagecraft.files.artifact import Artifact

def halved(function):
    def inner(record, size):
        return function(record, size // 2)
    return inner

def kept(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner


@final
@MARK
def decorated(record, size: int = 3) -> "Part":
    pass
"""

Make = Callable[[str], Stage]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"wired_{next(_numbers)}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "stages.py").write_text(_SOURCE)
    (tmp_path / "a_heavy_library.py").write_text("raise RuntimeError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.fixture
def make(package: str) -> Make:
    """Make a stage by the name of its function."""
    code = Codebase((package,), leave_out=("stagecraft",))
    return lambda name: Stage(code, f"{package}.stages.{name}", lambda _: "")


_DEFAULTS = """
from pathlib import Path
from typing import Literal, NewType

from stagecraft.files.artifact import Artifact, Frozen

LIMIT = "many"
SIZE = 3
NOTHING = None
ITSELF = ITSELF
Name = NewType("Name", str)

try:
    WRONG: str = "wrong"
    NESTED = LIMIT
except ImportError:
    pass


class Size(Frozen):
    count: int = 3


class Part(Frozen):
    ids: Artifact


def number():
    return 3


def stage(PARAMETERS) -> Part: ...
"""


@pytest.fixture
def written(tmp_path: Path, package: str) -> Callable[[str], Stage]:
    """Make a stage by the parameters of its function."""

    def write(parameters: str) -> Stage:
        (tmp_path / package / "late.py").write_text(_DEFAULTS.replace("PARAMETERS", parameters))
        return Stage(Codebase((package,), leave_out=("stagecraft",)), f"{package}.late.stage", lambda _: "")

    return write


class _Section(BaseModel):
    size: int = 3


def refused(*words: str) -> Any:
    """Expect an error that holds all words."""
    return pytest.raises(WiringError, match=".*".join(map(re.escape, words)))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("lef", "use is handed make.lef as part, but make is a Whole and has no lef; did you mean left?"),
        ("nothing_like_it", "has no nothing_like_it; there are: left, right, files"),
        ("left.idz", "make.left.idz as part, but make.left is a Part and has no idz; did you mean ids?"),
        ("right.idz", "make.right.idz as part, but make.right is a Part | None and has no idz"),
        (
            "right.ids",
            "make.right.ids as part, but make.right is a Part | None, and may be None, which has no ids",
        ),
        ("left.size.cont", "but make.left.size is a Size and has no cont; did you mean count?"),
        ("left.ids.url", "but make.left.ids is an Artifact and has no url; did you mean uri?"),
        ("left.word.upper", "but make.left.word is a str and has no upper; hand on all of it"),
        ("files.first", "but make.files is a tuple[Artifact, ...] and has no first; hand on all of it"),
    ],
)
def test_a_path_that_is_not_among_the_results_is_refused_with_the_nearest(
    make: Make, path: str, words: str
) -> None:
    trace = Trace()
    handle = trace(make("make"))
    for part in path.split("."):
        handle = getattr(handle, part)
    with refused(words):
        trace(make("use"), handle)
    assert list(trace.nodes) == ["make"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("box.inner", "but boxes.box is a Box[Artifact], whose parts can't be told before it is made;"),
        ("table.a", "but boxes.table is a dict[str, Artifact], whose parts"),
        (
            "table.a.b",
            "handed boxes.table.a.b as thing, but boxes.table is a dict[str, Artifact], whose parts",
        ),
        (
            "row.word",
            "but boxes.row is a Row, whose parts can't be told before it is made; hand on all of it",
        ),
    ],
)
def test_a_path_through_what_is_no_model_for_sure_is_refused(make: Make, path: str, words: str) -> None:
    trace = Trace()
    handle = trace(make("boxes"))
    for part in path.split("."):
        handle = getattr(handle, part)
    with refused(words):
        trace(make("guess"), handle)


def test_a_refusal_tells_where_in_the_walk_it_is(make: Make) -> None:
    trace = Trace()
    made = trace(make("make"))
    with pytest.raises(WiringError) as raised:
        trace(
            make("use"),
            made.lef,
        )
    place, line = str(raised.value).split(": ", 1)[0].rsplit(":", 1)
    assert Path(place).name == "test_wiring.py"
    assert "trace(" in Path(__file__).read_text().splitlines()[int(line) - 1]
    assert isinstance(raised.value, UsageError) and raised.value.exit_status == 2


Arguments = Callable[[Any], tuple[tuple[Any, ...], Mapping[str, Any]]]


@pytest.mark.parametrize(
    ("stage", "arguments", "words"),
    [
        (
            "use",
            lambda made: ((made,), {}),
            "handed make, a Whole, as part, but P.use asks for Part; did you mean make.left?",
        ),
        ("use", lambda made: ((made.right,), {}), "handed make.right, a Part | None, as part"),
        ("use", lambda made: ((made.left.ids,), {}), "handed make.left.ids, an Artifact, as part"),
        ("use", lambda made: ((made.left, made.files), {}), "asks for Part | None; hand on what it asks for"),
        (
            "use",
            lambda made: ((made.left,), {"late": made.left}),
            "asks for Artifact; did you mean make.left.ids",
        ),
        ("use", lambda made: ((_Section(),), {}), "handed _Section as part, but P.use asks for Part"),
        ("use", lambda made: ((None,), {}), "handed None as part"),
        ("use", lambda made: (((made.left,),), {}), "handed results of stages inside of a tuple as part"),
        ("gather", lambda made: ((made.left, 0), {}), "handed make.left, a Part, as files"),
        ("gather", lambda made: ((("a",), 0), {}), "handed ('a',), a tuple, as files"),
        ("gather", lambda made: ((made.files, 0), {"one": made.left, "two": made}), "a Whole, as two"),
        ("gather", lambda made: ((made.files, 0), {"one": 3}), "handed 3, an int, as one"),
        (
            "use",
            lambda made: ((), {}),
            "use: missing a required argument: 'part'; P.use takes part, other, late",
        ),
        (
            "use",
            lambda made: ((made.left,), {"othr": None}),
            "use is handed something as othr, which P.use does not take; did you mean other?",
        ),
    ],
)
def test_what_does_not_fit_the_parameter_is_refused(
    make: Make, package: str, stage: str, arguments: Arguments, words: str
) -> None:
    trace = Trace()
    args, kwargs = arguments(trace(make("make")))
    with refused(words.replace("P.", f"{package}.stages.")):
        trace(make(stage), *args, **kwargs)


@pytest.mark.parametrize(
    "wrong", [{"size": 0.5}, {"size": "3"}, {"share": "much"}, {"names": [1]}, {"names": _Section()}]
)
def test_a_setting_of_another_type_is_refused(make: Make, wrong: Mapping[str, Any]) -> None:
    ((name, value),) = wrong.items()
    shown = type(value).__name__ if isinstance(value, BaseModel) else f"{type(value).__name__}, as"
    with refused("make is handed ", f"{shown} ", name):
        Trace()(make("make"), **wrong)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ((1, 2), "(1, 2), a tuple, as"),
        ("https://me:secret@there/", "'https://***@there/', a str, as"),
        ("a" * 999, f"'{'a' * 148}…{'a' * 49}' (1,001 characters), a str, as"),
        (_Section(), "_Section as"),
    ],
)
def test_a_value_that_does_not_fit_is_shown_without_secrets_and_not_at_length(
    make: Make, value: Any, shown: str
) -> None:
    with refused(f"make is handed {shown} size, but "):
        Trace()(make("make"), value)


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("name", 3, "a"),
        ("some", "a", None),
        ("choice", "c", "b"),
        ("choice", 4, 3),
        ("counts", ["a", "b"], [1, 2]),
        ("counts", [1, "b"], []),
        ("shares", {"a": "b"}, {"a": 0.5, "b": 1}),
        ("shares", {1: 0.5}, {}),
        ("words", frozenset({1}), frozenset({"a"})),
        ("rows", ["a"], [1]),
        ("rows", ("a",), (1, 2)),
        ("rows", "ab", [1]),
        ("table", {"a": "b"}, {"a": 1}),
        ("table", [1], {}),
        ("either", "a", 3),
    ],
)
def test_types_are_read_however_they_are_spelled(make: Make, name: str, wrong: Any, right: Any) -> None:
    Trace()(make("spelled"), **{name: right})
    with refused("spelled is handed ", f"{wrong!r}, ", f" {type(wrong).__name__}, as {name}"):
        Trace()(make("spelled"), **{name: wrong})
    if name in {"rows", "table"}:  # whatever has the methods is one
        return
    trace = Trace()
    made = trace(make("make"))
    with refused(f"spelled is handed make.left, a Part, as {name}"):
        trace(make("spelled"), **{name: made.left})


@pytest.mark.parametrize(
    ("stage", "arguments"),
    [
        ("use", lambda made: ((made.left,), {})),
        ("use", lambda made: ((made.left, None), {})),
        ("use", lambda made: ((made.left, made.right), {})),
        ("use", lambda made: ((made.left, made.left), {"late": None})),
        ("gather", lambda made: ((made.files, object()), {})),
        ("gather", lambda made: ((made.files, "a"), {"plain": made.left.word, "one": made.left})),
    ],
)
def test_what_fits_or_can_not_be_told_passes(make: Make, stage: str, arguments: Arguments) -> None:
    trace = Trace()
    args, kwargs = arguments(trace(make("make"), 4, 1, {"a": 1}))
    trace(make(stage), *args, **kwargs)
    assert trace.nodes[stage].needs == ("make",)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *(("thing", "sized"), ("thing", "counts"), ("thing", "table"), ("size", "sized")),
        *(("base", "sized"), ("thing", "")),
    ],
)
def test_a_result_whose_type_the_hint_does_not_say_exactly_is_refused(
    make: Make, name: str, part: str
) -> None:
    trace = Trace()
    made = trace(make("rows"))
    with refused(
        f"to say exactly of which type rows{f'.{part}' if part else ''} is, ", f"as {name}; say `{name}: "
    ):
        trace(make("guess"), **{name: getattr(made, part) if part else made})


@pytest.mark.parametrize("part", ["word", "share"])
def test_a_result_whose_type_its_json_tells_needs_no_hint(make: Make, part: str) -> None:
    trace = Trace()
    trace(make("guess"), getattr(trace(make("rows")), part))
    assert trace.nodes["guess"].needs == ("rows",)


def test_collections_of_results_are_named_exactly_too(make: Make) -> None:
    trace = Trace()
    made = trace(make("make"))
    with refused(
        "to say exactly of which type make.files is, tuple[Artifact, ...]", "got Sequence[Artifact]"
    ):
        trace(make("guess"), files=made.files)


@pytest.mark.parametrize(
    "stage",
    [
        *("nothing", "perhaps", "a_text", "several", "lazily", "a_mapping", "a_dataclass"),
        *("a_named_tuple", "a_typed_dict", "a_box"),
    ],
)
def test_a_stage_that_does_not_tell_a_model_of_results_is_refused(make: Make, stage: str) -> None:
    with pytest.raises(WiringError, match=r"expected the return hint of .* to name a model of results"):
        Trace()(make(stage))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="Python 3.11 has no such brackets")
def test_a_model_with_brackets_of_its_own_is_refused(tmp_path: Path, package: str, make: Make) -> None:
    file = tmp_path / package / "stages.py"
    file.write_text(file.read_text().replace("class Box(Frozen, Generic[T])", "class Box[T](Frozen)"))
    with pytest.raises(WiringError, match=r"expected the return hint of .* got Box\[Artifact\]; say"):
        Trace()(make("a_box"))


def test_results_inside_of_a_collection_are_refused_however_deep(make: Make) -> None:
    trace = Trace()
    made = trace(make("make"))
    for value in ([made.left], {"a": (made.left,)}, {made.left: 1}, {made.left}):
        with pytest.raises(WiringError, match=r"results of stages inside of a (list|dict|set) as files"):
            trace(make("gather"), value, 0)


def test_a_handle_is_neither_true_nor_a_text() -> None:
    handle = Handle("make", ("left",))
    with pytest.raises(
        WiringError, match=r"make\.left has no value yet: .* decide in a stage, or by a setting"
    ):
        assert not handle
    for write in (str, "{}".format, "{!s}".format):
        with pytest.raises(WiringError, match=r"make\.left has no value yet, so it can't be put into a text"):
            write(handle)
    assert as_written(handle) == "make.left"


def test_a_handle_is_equal_to_nothing(make: Make) -> None:
    handle = Handle("make", ("left",))
    for decide in (lambda: handle == "x", lambda: handle != handle, lambda: handle in ("x", "y")):
        with pytest.raises(WiringError, match="no decision of the walk can depend on it"):
            decide()


def test_a_stage_that_may_be_left_out_is_handed_only_to_what_can_do_without_it(make: Make) -> None:
    trace = Trace()
    made = trace(make("make"))
    trace(make("use"), made.left)
    trace(make("gather"), made.files, 0, one=made.left)
    assert list(trace.part(["make", "use"]).nodes) == ["make", "use"]
    with refused("use is handed make.left as part, but make is left out here and", "asks for Part"):
        trace.part(["use"])


def test_what_is_left_out_is_no_need_of_what_can_do_without_it(make: Make, package: str) -> None:
    trace = Trace()
    made = trace(make("make"))
    other = Stage(make("make").code, f"{package}.stages.make", lambda _: "", name="other")
    trace(make("use"), made.left, trace(other).left)
    part = trace.part(["make", "use"])
    assert part.nodes["use"].needs == ("make",)


def test_a_handle_of_another_walk_is_refused(make: Make) -> None:
    made = Trace()(make("make"))
    with refused("use is handed make.left as part, but no stage make is called before it"):
        Trace()(make("use"), made.left)


def test_a_result_may_be_called_like_anything_of_a_handle(make: Make) -> None:
    trace = Trace()
    clash = trace(make("clash"))
    assert [path_of(part) for part in (clash.path, clash.stage, clash.pick)] == [
        ("path",),
        ("stage",),
        ("pick",),
    ]


@pytest.mark.parametrize(
    ("stage", "got"), [("late", "`words: Artifact`"), ("empty", "a function without parameters")]
)
def test_a_record_comes_first(make: Make, stage: str, got: str) -> None:
    said = (
        rf"expected the first parameter of .*stages\.{stage} to be a Record, got {got}; say `record: Record`"
    )
    with pytest.raises(WiringError, match=said):
        Trace()(make(stage))


def test_a_function_that_is_deleted_again_is_none(make: Make) -> None:
    with pytest.raises(CodeError, match=r"expected a function at .*stages\.gone, got `del gone`"):
        Trace()(make("gone"))


def test_what_is_defined_in_a_try_is_held_against_hints_like_all_else(make: Make) -> None:
    trace = Trace()
    made = trace(make("make"))
    with refused("tried is handed make.left.ids, an Artifact, as part"):
        trace(make("tried"), made.left.ids)
    tried = trace(make("tried"), made.left)
    with refused("keep is handed tried.idz as tried, but tried is a Tried and has no idz; did you mean ids?"):
        trace(make("keep"), tried.idz)
    with refused("keep is handed make.left, a Part, as tried"):
        trace(make("keep"), made.left)
    trace(make("keep"), tried)


@pytest.mark.parametrize(
    ("parameter", "defaults"),
    [
        ("size: int", ["'3'", "[3]", "LIMIT", "NESTED", "Size()", "float('3')", "Path()"]),
        ("part: Part", ["Size(count=3)", "3", "'Part'"]),
        ("pair: tuple[int, str] | None", ["(1, 2)", "(1,)", "LIMIT"]),
        ("*, choice: Literal['a', 'b']", ["'c'", "WRONG"]),
    ],
)
def test_a_default_of_another_type_is_refused_be_it_used_or_not(
    written: Callable[[str], Stage], parameter: str, defaults: list[str]
) -> None:
    name, hint = parameter.removeprefix("*, ").split(": ")
    for default in defaults:
        for arguments in ({}, {name: None}):
            with refused(f"stage asks for {hint} as {name}, but its default there is {default}; correct"):
                Trace()(written(f"record, {parameter} = {default}"), **arguments)


@pytest.mark.parametrize("hint", ["int", "float", "Size | int", "Literal[3]", "Literal['a', 3]"])
@pytest.mark.parametrize(
    "default", ["3", "SIZE", "None", "NOTHING", "ITSELF", "2 * 3", "{[]: 3}", "number()"]
)
def test_a_default_that_fits_or_can_not_be_told_passes(
    written: Callable[[str], Stage], hint: str, default: str
) -> None:
    Trace()(written(f"record, size: {hint} = {default}"))


@pytest.mark.parametrize("parameter", ["size: Size = Size()", "size: Name = Name('a')", "size = LIMIT"])
def test_a_default_that_is_made_by_a_class_is_told_by_it(
    written: Callable[[str], Stage], parameter: str
) -> None:
    Trace()(written(f"record, {parameter}"))


def test_a_function_that_is_one_of_two_is_refused(make: Make) -> None:
    with pytest.raises(CodeError, match=r"expected a function at .*stages\.either, got `if a_heavy_library"):
        Trace()(make("either"))


def test_what_is_said_of_a_setting_that_is_not_there_is_refused(make: Make, package: str) -> None:
    code = make("make").code
    for said in ({"aside": ["size.cuont"]}, {"longer": "size.cuont"}, {"resolves": {"size.cuont": str}}):
        stage = Stage(code, f"{package}.stages.sized", lambda _: "", **said)
        with refused("sized says something of size.cuont, but it has no such parameter; did you mean"):
            Trace()(stage, Sized(count=3))
    for name in ("sise", "other.count"):
        stage = Stage(code, f"{package}.stages.sized", lambda _: "", aside=[name])
        with refused(f"sized says something of {name}, but it has no such parameter"):
            Trace()(stage, Sized(count=3))


def test_a_stage_whose_module_imports_what_is_not_there_is_refused(
    tmp_path: Path, package: str, make: Make
) -> None:
    file = tmp_path / package / "stages.py"
    file.write_text(f"import nosuch_library\n{file.read_text()}")
    with refused("expected nosuch_library for make, got none that ", "stages.py:1 could import; install it"):
        make("make").check_code()


@pytest.mark.parametrize(("mark", "is_right"), [("halved", False), ("torch.no_grad()", True), ("kept", True)])
def test_a_decorator_that_may_change_a_stage_is_refused_with_its_place(
    tmp_path: Path, package: str, make: Make, mark: str, is_right: bool
) -> None:
    file = tmp_path / package / "stages.py"
    file.write_text(_DECORATED.replace("MARK", mark) + file.read_text())
    if is_right:
        Trace()(make("decorated"))
        return
    with refused("decorated to be what its `def` says, got `@halved` at ", "stages.py:21, which may make"):
        Trace()(make("decorated"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("record", "but it has no such parameter; there are:"),
        ("parts", "but it has no such parameter"),
        ("part", "which is a result of a stage, and results always count"),
        ("config", "which is a group of settings; name those of its fields that are meant"),
        ("size", "which is a group of settings"),
        ("size.inner", "which is a group of settings"),
        ("size.inner.cuont", "but it has no such parameter; did you mean size.inner.count?"),
        ("size.inner.count", ""),
        ("size.count", ""),
        ("plain", ""),
        ("late", ""),
    ],
)
def test_what_is_said_of_settings_is_said_of_single_ones(
    tmp_path: Path, package: str, make: Make, name: str, words: str
) -> None:
    class Inner(BaseModel):
        count: int = 1

    class Outer(Sized):
        inner: Inner = Inner()

    (tmp_path / package / "late.py").write_text(
        f"from {package}.stages import Part\n\n\n"
        "def declared(record, part: Part, config, plain=3, late=float(3), **parts: Part) -> Part: ...\n"
    )
    for said in ({"aside": [name]}, {"longer": name}, {"resolves": {name: str}}):
        stage = Stage(make("make").code, f"{package}.late.declared", str, **said)
        trace = Trace()
        made = trace(make("make"))
        if not words:
            trace(stage, made.left, Outer(count=3))
            continue
        with refused(f"declared says something of {name}, {words}", f"({shown(__file__)}:"):
            trace(stage, made.left, Outer(count=3))


def test_nothing_is_left_aside_and_resolved_at_once(make: Make, package: str) -> None:
    said: Any = {"aside": ["size"], "resolves": {"size": str}}
    stage = Stage(make("make").code, f"{package}.stages.make", str, **said)
    with refused("make says something of size, both in `aside` and in `resolves`; leave out the one"):
        Trace()(stage)


@pytest.mark.parametrize("stage", ["many", "unnamed"])
def test_a_parameter_that_has_no_name_is_refused(make: Make, stage: str) -> None:
    trace = Trace()
    made = trace(make("make"))
    with refused(f"stages.{stage} to take its arguments by their names, got", "part"):
        trace(make(stage), made.left)


def test_what_is_no_stage_is_refused(make: Make) -> None:
    for other in (make, "make", None):
        with refused("expected a stage, got", "hand on a `Stage`"):
            Trace()(other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("stages.mak", "expected a function, a class or a constant in PKG.stages; did you mean make?"),
        ("stagse.make", "there is no module PKG.stagse; did you mean PKG.stages?"),
        ("more.deep.make", "there is no module PKG.more.deep; did you mean PKG.more.deeper?"),
        ("hidden.make", "PKG.hidden is left out of the code that is followed; move what counts"),
        ("../elsewhere.stages.make", "elsewhere is none of the project's packages; there are: PKG"),
    ],
)
def test_a_target_that_is_not_there_is_told_with_the_stages_place_and_the_nearest_name(
    tmp_path: Path, package: str, target: str, words: str
) -> None:
    for file in ("hidden.py", "more/__init__.py", "more/deeper.py"):
        (tmp_path / package / file).parent.mkdir(exist_ok=True)
        (tmp_path / package / file).write_text("def make(record): ...\n")
    code = Codebase((package,), leave_out=(f"{package}.hidden",))
    target = f"{package}.{target}".replace(f"{package}.../", "")
    stage = Stage(code, target, str)
    with pytest.raises(
        CodeError, match=rf"^[\w/]*test_wiring\.py:\d+: {stage.name}: there is no {target} in what"
    ) as raised:
        Trace()(stage)
    assert words.replace("PKG", package) in str(raised.value)


def test_a_stage_that_is_called_twice_is_refused(make: Make) -> None:
    trace = Trace()
    trace(make("make"))
    with refused("there is a stage make already; each needs a name of its own"):
        trace(make("make"))


def test_results_may_be_declared_beside_the_function_which_is_not_imported_for_them(
    make: Make, package: str
) -> None:
    trace = Trace()
    trace(make("use"), trace(make("make")).left)
    assert make("make").yields == ("left", "right", "files")
    assert [name for name in sys.modules if name.startswith(package)] == []


@pytest.mark.parametrize("module", ["bind.py", "bind/__init__.py", "bind/deep.py"])
@pytest.mark.parametrize("left_out", [(), ("PKG.bind",)])
def test_a_stage_that_a_module_would_take_the_place_of_is_refused_at_once(
    tmp_path: Path, package: str, module: str, left_out: tuple[str, ...]
) -> None:
    file = tmp_path / package / module
    file.parent.mkdir(exist_ok=True)
    file.write_text("def bind(record): ...\n")
    code = Codebase((package,), leave_out=[name.replace("PKG", package) for name in left_out])
    for target, name in (
        (f"{package}.bind.bind", ""),
        (f"{package}.stages.bind", ""),
        (f"{package}.x.y", "bind"),
    ):
        with refused(f"the stage bind is called like the module {package}.bind", "rename the module"):
            Stage(code, target, lambda _: "", name=name)
    with refused(f"the stage bind_both is called like the module {package}.bind"):
        Stage(code, f"{package}.stages.bind", lambda _: "", name="bind_both")


def test_a_folder_of_data_takes_no_stages_place(tmp_path: Path, package: str) -> None:
    (tmp_path / package / "make").mkdir()
    (tmp_path / package / "make" / "page.txt").touch()
    assert Stage(Codebase((package,)), f"{package}.stages.make", lambda _: "").name == "make"


_FUNCTIONS = "a mapping from names of parameters to functions"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        *(({"judges": wrong}, "several of Stage") for wrong in ("make", ["make"], [3], 3, {"make": 3})),
        *(({"records": wrong}, "several of str") for wrong in ("a/b", 3, [3], {"a": "b"})),
        *(({"aside": wrong}, "several of str") for wrong in ("size", 3, [3])),
        *(({"depends": wrong}, "several of Dependency") for wrong in (Network(), ("x",), 3, Network)),
        *(({"resolves": wrong}, _FUNCTIONS) for wrong in (["size"], 3, {"size": 3}, {3: str})),
        *(({"reads": 3}, "a function"), ({"longer": 3}, "the name of a parameter")),
        *(({"resumes": "x"}, "True or False"), ({"resumes": 1}, "True or False")),
        *(({"name": wrong}, "a name of letters, digits and _") for wrong in (3, "a b", ".a", "a-b")),
        *(({"figure": wrong}, "a function") for wrong in (None, "{n} things")),
        *(
            ({"target": wrong}, "a text such as package.module.function")
            for wrong in (3, None, "make", "a..b")
        ),
        ({"code": "tasks"}, "a Codebase"),
    ],
)
def test_what_is_declared_as_something_else_is_refused(
    make: Make, package: str, said: dict[str, Any], expected: str
) -> None:
    right = {"code": make("make").code, "target": f"{package}.stages.make", "figure": str}
    ((name, wrong),) = said.items()
    place = rf"{re.escape(shown(__file__))}:\d+: "
    with pytest.raises(WiringError, match=place) as raised:
        Stage(**(right | said))
    assert f": expected {expected} as `{name}`, got {quote(wrong)}; " in str(raised.value)


@pytest.mark.parametrize("name", ["judges", "records", "aside", "depends"])
def test_what_is_declared_alone_instead_of_several_times_is_told_so(
    make: Make, package: str, name: str
) -> None:
    one: Any = {"judges": make("use"), "depends": Network()}.get(name, "size")
    with refused("make: expected several of ", f"put it into a tuple, `{name}=(…,)`"):
        Stage(make("make").code, f"{package}.stages.make", str, **{name: one})
    Stage(make("make").code, f"{package}.stages.make", str, **{name: {one: one}.keys()})


def test_a_stage_is_called_by_its_name_in_messages(make: Make) -> None:
    assert repr(make("make")) == "<the stage make>"
