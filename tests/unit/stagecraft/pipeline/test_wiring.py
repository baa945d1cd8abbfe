"""A walk that does not fit together is refused by name, and nothing of its stages is imported for that."""

import re
import sys
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from stagecraft.code import Code
from stagecraft.errors import UsageError, WiringError
from stagecraft.pipeline.handle import Handle, dotted
from stagecraft.pipeline.stage import Stage
from stagecraft.pipeline.walk import Trace

_numbers = count()

_SOURCE = '''
from collections.abc import Mapping

import a_heavy_library
from stagecraft.files.artifact import Artifact, Frozen, Reference


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


def make(record, size: int = 3, share: float = 0.5, names: Mapping[str, int] = {}) -> Whole:
    """Make both."""


def use(record, part: Part, other: Part | None = None, late: Artifact = None) -> Part:
    """Use them."""


def perhaps(record) -> Part | None:
    """Make it, or not."""


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


def clash(record) -> Clashing:
    """Yield what no handle can name."""


def nothing(record):
    """Yield nothing that is known."""
'''

Make = Callable[[str], Stage]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"wired_{next(_numbers)}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "stages.py").write_text(_SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.fixture
def make(package: str) -> Make:
    """Make a stage by the name of its function."""
    code = Code((package,), leave_out=("stagecraft",))
    return lambda name: Stage(code, f"{package}.stages.{name}", lambda _: "")


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
        ("gather", lambda made: ((("a",), 0), {}), "handed tuple as files"),
        ("gather", lambda made: ((made.files, 0), {"one": made.left, "two": made}), "a Whole, as two"),
        ("gather", lambda made: ((made.files, 0), {"one": 3}), "handed int as one"),
        (
            "use",
            lambda made: ((), {}),
            "use: missing a required argument: 'part'; P.use takes part, other, late",
        ),
        (
            "use",
            lambda made: ((made.left,), {"othr": None}),
            "unexpected keyword argument 'othr'; P.use takes",
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
    with refused(f"make is handed {type(next(iter(wrong.values()))).__name__} as {next(iter(wrong))}"):
        Trace()(make("make"), **wrong)


@pytest.mark.parametrize(
    ("stage", "arguments"),
    [
        ("use", lambda made: ((made.left,), {})),
        ("use", lambda made: ((made.left, None), {})),
        ("use", lambda made: ((made.left, made.right), {})),
        ("use", lambda made: ((made.left, made.left), {"late": None})),
        ("gather", lambda made: ((made.files, object()), {})),
        ("gather", lambda made: ((made.files, made), {"plain": _Section(), "one": made.left})),
    ],
)
def test_what_fits_or_can_not_be_told_passes(make: Make, stage: str, arguments: Arguments) -> None:
    trace = Trace()
    args, kwargs = arguments(trace(make("make"), 4, 1, {"a": 1}))
    trace(make(stage), *args, **kwargs)
    assert trace.nodes[stage].needs == ("make",)


@pytest.mark.parametrize("stage", ["nothing", "perhaps", "a_text", "several", "lazily"])
def test_a_stage_that_does_not_tell_a_model_of_results_is_refused(make: Make, stage: str) -> None:
    with pytest.raises(WiringError, match=r"expected the return hint of .* to name a model of results"):
        Trace()(make(stage))


def test_results_inside_of_a_collection_are_refused_however_deep(make: Make) -> None:
    trace = Trace()
    made = trace(make("make"))
    for value in ([made.left], {"a": (made.left,)}, {made.left}):
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
    assert dotted(handle) == "make.left"


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


def test_a_result_that_handles_can_not_name_is_refused(make: Make) -> None:
    with refused(
        "clash yields path, a name that handles have for themselves", "call it otherwise in Clashing"
    ):
        Trace()(make("clash"))


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
    code = Code((package,), leave_out=[name.replace("PKG", package) for name in left_out])
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
    assert Stage(Code((package,)), f"{package}.stages.make", lambda _: "").name == "make"
