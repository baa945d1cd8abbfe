"""What annotations mean, told from a package that is never imported."""

import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from stagecraft.code import Codebase, Hint, hint_of
from stagecraft.files.artifact import Artifact

_numbers = count()

_FILES = {
    "__init__": "",
    "outputs": """
from typing import ClassVar, Literal, Optional

from stagecraft.files.artifact import Artifact, Frozen

Name = str


class Part(Frozen):
    ids: Artifact
    count: int


class Whole(Frozen):
    char: Part
    name: Name
    scale: Literal["none", "standard"]
    files: tuple[Artifact, ...]
    pair: tuple[Artifact, str]
    perhaps: Optional[Artifact] = None
    shared: "ClassVar[int]" = 3

    @property
    def title(self) -> str: ...


class Longer(Whole):
    more: int


class Plain:
    more: int
""",
    "stages": """
import collections.abc
import decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Protocol, Union

import a_heavy_library
from stagecraft.files.artifact import Artifact
from PKG import outputs
from PKG.outputs import Longer, Part, Whole

if TYPE_CHECKING:
    from PKG.outputs import Plain

raise RuntimeError("imported")

Both = Part | Whole
Positive = Annotated[int, "> 0"]
Kind = Literal["char", 3]
Self = "tuple[Self, ...]"
Made = NewType("Made", int)


try:
    from decimal import Decimal as Exact
except ImportError:
    Exact = None

try:
    from stagecraft.files.artifact import Artifact as Address
except ImportError:
    pass

try:
    from PKG.outputs import Whole as Either
except ImportError:
    Either = Part

try:
    import numbers_in_c as numbers
except ImportError:
    import decimal as numbers

if a_heavy_library.is_new:
    class Late(Whole): ...
else:
    class Late(Part): ...


class Odd(a_heavy_library.Base):
    more: int


class Opening(Protocol):
    def open(self): ...


class Outer:
    class Part: ...


def begin(): ...
""",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write the package that may not be imported."""
    name = f"hinted_{next(_numbers)}"
    (tmp_path / name).mkdir()
    for module, text in _FILES.items():
        (tmp_path / name / f"{module}.py").write_text(text.replace("PKG", name))
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.fixture
def code(package: str) -> Codebase:
    return Codebase((package,), leave_out=("stagecraft",))


Read = Callable[[str], Hint]


@pytest.fixture
def read(code: Codebase, package: str) -> Read:
    """Read an annotation as it would stand among the stages."""
    return lambda text: code.hint(f"{package}.stages.begin", text)


@pytest.mark.parametrize(
    ("given", "expected", "fits"),
    [
        ("Part", "Part", True),
        ("Part", "outputs.Part", True),
        ("Part", "'Part'", True),
        ("Part", "Whole", False),
        ("Part", "Plain", False),
        ("Longer", "Whole", True),
        ("Whole", "Longer", False),
        ("Part", "Part | None", True),
        ("Part", "Optional[Part]", True),
        ("Part", "Union[Whole, Part]", True),
        ("Part", "Union[Whole, None]", False),
        ("Part", "Both", True),
        ("Longer", "Both", True),
        ("Artifact", "Both", False),
        ("Part | None", "Part", False),
        ("Part | None", "Optional[Part]", True),
        ("Part", "Artifact", False),
        ("Artifact", "Artifact", True),
        ("Part", "str", False),
        ("None", "Part", False),
        ("bool", "int", True),
        ("int", "float", True),
        ("float", "int", False),
        ("int", "Positive", True),
        ("str", "Positive", False),
        ("str", "Kind", True),
        ("int", "Kind", True),
        ("None", "Kind", False),
        ("tuple[Part, ...]", "tuple[Part, ...]", True),
        ("tuple[Part, ...]", "tuple[Whole, ...]", False),
        ("tuple[Part, Part]", "tuple[Part, ...]", True),
        ("tuple[Part, Whole]", "tuple[Part, ...]", False),
        ("tuple[Part, Whole]", "tuple[Part, Whole]", True),
        ("tuple[Part, Whole]", "tuple[Whole, Part]", False),
        ("tuple[Part, Whole]", "tuple[Part]", False),
        ("tuple[Part, ...]", "tuple[Part, Part]", True),
        ("tuple[Part, ...]", "tuple", True),
        ("tuple[Part, ...]", "str", False),
        ("dict[str, int]", "collections.abc.Mapping[str, int]", True),
        ("list[int]", "collections.abc.Mapping[str, int]", False),
        ("decimal.Decimal", "decimal.Decimal", True),
        ("decimal.Decimal", "Part", False),
        ("decimal.Decimal", "Exact", True),
        ("None", "Exact", True),
        ("Part", "Exact", False),
        ("Artifact", "Address", True),
        ("Part", "Address", False),
        ("Part", "Either", True),
        ("Longer", "Either", True),
        ("Artifact", "Either", False),
        ("Either", "Part", False),
        ("Late", "Whole", True),
        ("Late", "Artifact", False),
        ("Part", "Late", False),
        ("Late", "Late", True),
    ],
)
def test_what_is_given_fits_what_is_expected_or_not(
    code: Codebase, read: Read, given: str, expected: str, fits: bool
) -> None:
    assert code.fits(read(given), read(expected)) is fits


@pytest.mark.parametrize(
    "text",
    [
        "Any",
        "object",
        "Lost",
        "a_heavy_library.Tensor",
        "a_heavy_library.Tensor | Part",
        "Optional[a_heavy_library.Tensor]",
        "Literal[outputs.Colour.RED]",
        "Opening",
        "Outer.Part",
        "outputs",
        "numbers.Decimal",
        "Made",
        "Part +",
        "some(Part)",
        "",
    ],
)
def test_what_can_not_be_told_is_never_in_the_way(code: Codebase, read: Read, text: str) -> None:
    assert code.fits(read(text), read("Part"))
    assert code.fits(read("Part"), read(text)) and code.fits(hint_of(3), read(text))
    assert code.fields(read(text)) is None


def test_of_a_class_with_an_unknown_base_only_its_own_name_can_be_told(code: Codebase, read: Read) -> None:
    assert code.fits(read("Odd"), read("Whole")) and not code.fits(read("Whole"), read("Odd"))
    assert code.fields(read("Odd")) is None


def test_a_name_that_stands_for_itself_ends_no_reading(code: Codebase, read: Read) -> None:
    assert code.fits(hint_of((1, "a")), read("Self"))


class _Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "expected", "fits"),
    [
        (3, "int", True),
        (3, "float", True),
        (True, "int", True),
        (3.0, "int", False),
        ("3", "int", False),
        (None, "int | None", True),
        (None, "int", False),
        ("char", "Kind", True),
        ((1, 2), "tuple[int, ...]", True),
        ((1, "2"), "tuple[int, ...]", False),
        ((1, "2"), "tuple[int, str]", True),
        ((), "tuple[int, ...]", True),
        ([1], "tuple[int, ...]", False),
        ({"a": 1}, "collections.abc.Mapping[str, int]", True),
        ([1], "collections.abc.Mapping[str, int]", False),
        (Decimal(1), "decimal.Decimal", True),
        (Decimal(1), "Part", False),
        (_Colour.RED, "str", False),
        (Artifact(uri="a", sha256="b", bytes=1, kind="c"), "Artifact", True),
        (Artifact(uri="a", sha256="b", bytes=1, kind="c"), "Whole", False),
    ],
)
def test_a_value_fits_what_is_expected_or_not(
    code: Codebase, read: Read, value: Any, expected: str, fits: bool
) -> None:
    assert code.fits(hint_of(value), read(expected)) is fits


def test_a_value_of_the_project_is_told_by_where_its_class_stands(
    code: Codebase, read: Read, package: str
) -> None:
    def made(name: str, *bases: type) -> type:
        return type(name, bases, {"__module__": f"{package}.outputs", "__qualname__": name})

    longer = made("Longer", made("Whole"))()
    assert code.fits(hint_of(longer), read("Whole")) and not code.fits(hint_of(longer), read("Part"))


def test_fields_are_those_of_a_class_and_of_all_above_it(code: Codebase, read: Read) -> None:
    fields = code.fields(read("Longer"))
    assert fields is not None
    assert list(fields) == ["char", "name", "scale", "files", "pair", "perhaps", "more"]
    texts = [fields[name].text for name in ("char", "name", "files")]
    assert texts == ["Part", "Name", "tuple[Artifact, ...]"]
    assert code.fits(fields["name"], read("str")) and not code.fits(fields["name"], read("int"))
    assert code.fits(fields["scale"], read("str"))


def test_fields_of_a_model_from_elsewhere_are_those_that_it_has(code: Codebase, read: Read) -> None:
    fields = code.fields(read("Artifact"))
    assert fields is not None and list(fields) == ["uri", "sha256", "bytes", "kind"]
    assert code.fits(fields["bytes"], read("int")) and not code.fits(fields["uri"], read("int"))


@pytest.mark.parametrize("text", ["str", "int", "None", "tuple[Part, ...]", "list[Part]"])
def test_plain_values_have_no_fields(code: Codebase, read: Read, text: str) -> None:
    assert code.fields(read(text)) == {}


@pytest.mark.parametrize("text", ["Plain", "dict[str, Part]", "decimal.Decimal"])
def test_fields_of_what_is_no_model_can_not_be_told(code: Codebase, read: Read, text: str) -> None:
    assert code.fields(read(text)) is None


def test_a_hint_of_one_class_can_be_loaded(code: Codebase, read: Read, package: str) -> None:
    assert code.load(read("Artifact")) is Artifact
    loaded = code.load(read("Whole"))
    assert loaded is not None and issubclass(loaded, BaseModel) and loaded.__module__ == f"{package}.outputs"
    assert code.load(read("Both")) is None and code.load(read("Lost")) is None


def test_reading_imports_nothing(code: Codebase, read: Read, package: str) -> None:
    code.fits(read("Longer"), read("Whole"))
    code.fields(read("Whole"))
    loaded: Mapping[str, Any] = sys.modules
    assert not [name for name in loaded if name.partition(".")[0] in (package, "a_heavy_library")]
