"""What a witness sees: whatever is touched is noted, unless the key knows it or it needs none."""

import ctypes
import functools
import glob
import importlib
import linecache
import multiprocessing
import os
import pkgutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from stagecraft.key.depends import Dependency, Files, Network, Opaque, Program
from stagecraft.witness import Known, Places, UnkeyedError, Witness

#: a library of the C language that there is, whatever the system
_LIBRARY = "libc.so.6" if sys.platform == "linux" else "libc.dylib"


def imports_of(_module: str) -> tuple[str, ...]:
    """The modules here import each other by computed names alone."""
    return ()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's folder, with a file that no key knows."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "extra.csv").write_text("a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def witness(
    folder: Path,
    depends: Sequence[Dependency] = (),
    inputs: Sequence[Path] = (),
    servers: Sequence[str] = (),
    strict: bool = False,
) -> Witness:
    known = Known({}, (), [], folder, imports_of, inputs, depends, servers, Places([folder / "kept"]))
    return Witness(known, lambda _text: None, strict)


def noted(work: Callable[[], object], made: Witness) -> list[str]:
    with made.watching():
        work()
    return made.noted


def in_a_thread() -> None:
    thread = threading.Thread(target=reads)
    thread.start()
    thread.join()


def in_a_pool() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(reads).result()


def reads() -> None:
    Path("data/extra.csv").read_text()


def moves() -> None:
    with tempfile.TemporaryDirectory() as made:
        moved = Path("data/extra.csv").rename(Path(made, "extra.csv"))
        moved.read_text()
        moved.rename("data/extra.csv")


def makes_a_folder() -> None:
    Path("data").mkdir(exist_ok=True)
    Path("data").mkdir(parents=True, exist_ok=True)
    with pytest.raises(FileExistsError):
        Path("data/extra.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        Path("data").write_text("")
    reads()


def fails_to_move() -> None:
    with tempfile.TemporaryDirectory() as made:
        for place in ("data", "data/extra.csv"):
            with pytest.raises(OSError):
                Path(made).rename(place)
    reads()


def starts_a_process() -> None:
    process = multiprocessing.get_context("spawn").Process(target=print)
    process.start()
    process.join()


def links() -> None:
    with pytest.raises(OSError):
        torch.ops.load_library(Path("data/extra.csv").resolve())


def connects() -> None:
    with socket.socket() as made:
        made.connect_ex(("127.0.0.1", 9))


_FILE, _IT = (Files("data/*.csv"),), (Opaque("it", version="1"),)
CASES: dict[str, tuple[Callable[[], object], str, Sequence[Dependency]]] = {
    "opens a file": (reads, "opened data/extra.csv", _FILE),
    "lets a library open it": (lambda: pd.read_csv("data/extra.csv"), "opened data/extra.csv", _FILE),
    "opens it in a thread": (in_a_thread, "opened data/extra.csv", _FILE),
    "opens it in a pool": (in_a_pool, "opened data/extra.csv", _FILE),
    "asks it as a database": (
        lambda: sqlite3.connect("data/extra.csv").close(),
        "opened data/extra.csv",
        _FILE,
    ),
    "asks it by an address": (
        lambda: sqlite3.connect("file:data/%65xtra.csv?mode=ro", uri=True).close(),
        "opened data/extra.csv",
        _FILE,
    ),
    "moves it away to read it": (moves, "opened data/extra.csv", _FILE),
    "makes a folder that is there": (makes_a_folder, "opened data/extra.csv", _FILE),
    "fails to move onto it": (fails_to_move, "opened data/extra.csv", _FILE),
    "lists a folder": (lambda: list(Path("data").iterdir()), "listed data", (Files("data/*"),)),
    "walks through it": (lambda: list(os.scandir("data")), "listed data", (Files("data/*"),)),
    "starts a program": (lambda: subprocess.run(["true"], check=True), "started true", (Program("true"),)),
    "starts a shell": (lambda: os.system("true"), "started a process by os.system", _IT),
    "starts a process": (starts_a_process, "started a process by multiprocessing", _IT),
    "loads compiled code": (lambda: ctypes.CDLL(_LIBRARY), f"loaded the compiled code of {_LIBRARY}", _IT),
    "has a library load it": (links, "loaded the compiled code of data/extra.csv", _FILE),
    "connects": (connects, "connected to 127.0.0.1:9", (Network(),)),
}


@pytest.mark.parametrize(("work", "text", "declared"), CASES.values(), ids=CASES)
def test_what_no_key_knows_is_noted_and_what_is_declared_is_not(
    folder: Path, work: Callable[[], object], text: str, declared: Sequence[Dependency]
) -> None:
    assert noted(work, witness(folder)) == [text]
    assert noted(work, witness(folder, declared)) == []


def test_a_file_that_is_handed_in_or_kept_by_the_mechanism_is_not_noted(folder: Path) -> None:
    assert noted(reads, witness(folder, inputs=[folder / "data" / "extra.csv"])) == []
    (folder / "kept").mkdir()
    (folder / "kept" / "record").write_text("1")
    assert noted((folder / "kept" / "record").read_text, witness(folder)) == []
    assert noted(connects, witness(folder, servers=["http://127.0.0.1:9/api"])) == []


def test_what_is_written_there_and_what_needs_no_key_is_not_noted(folder: Path) -> None:
    def work() -> None:
        Path("made.txt").write_text("1")
        Path("made.txt").rename("moved.txt")
        Path("moved.txt").read_text()
        with tempfile.TemporaryDirectory() as made:
            Path(made, "a").write_text("1")
            assert [path.read_text() for path in Path(made).iterdir()] == ["1"]
        with tempfile.NamedTemporaryFile("w+") as file:
            file.write("1")
            file.flush()
            Path(file.name).read_text()
        Path(os.devnull).read_text()
        Path(str(pd.__file__)).read_text()
        with pytest.raises(FileNotFoundError):
            Path("no such file").read_text()
        try:
            raise ValueError
        except ValueError:
            linecache.clearcache()
            assert "raise ValueError" in traceback.format_exc()
        ctypes.CDLL(None)

    assert noted(work, witness(folder)) == []


def test_what_is_replaced_by_what_was_made_is_not_noted(folder: Path) -> None:
    def work() -> None:
        Path("data/new.csv").write_text("1")
        Path("data/new.csv").replace("data/extra.csv")
        reads()
        Path("data/link").symlink_to("extra.csv")
        Path("new").write_text("2")
        assert Path("new").replace("data/link").read_text() == "2"

    assert noted(work, witness(folder)) == []


@pytest.mark.parametrize(
    ("pattern", "listed", "is_known"),
    [
        *(("data/*.csv", "data", False), ("data/*", "data", True), ("data/*", "data/deep", False)),
        *(("data/**", "data/deep", True), ("data/**/*", "data/deep", True), ("data/**/*.csv", "data", False)),
        *(("data/*/*", "data", False), ("data/*/*", "data/deep", True), ("*", "", True)),
    ],
)
def test_a_folder_may_be_listed_where_a_pattern_that_is_declared_takes_all_its_names(
    folder: Path, pattern: str, listed: str, is_known: bool
) -> None:
    (folder / "data" / "deep").mkdir()
    for name in ("data/deep/b.csv", "a.toml"):
        (folder / name).touch()
    found = noted(lambda: list((folder / listed).iterdir()), witness(folder, (Files(pattern),)))
    assert found == ([] if is_known else [f"listed {listed or folder}"])


@pytest.mark.parametrize(
    ("declared", "asked", "is_known"),
    [
        *(
            ("data/*.csv", "data/*.csv", True),
            ("data/*.csv", "data/*.txt", False),
            ("data/*", "data/*.x", True),
        ),
        *(("data/*.csv", "data/*", False), ("data/**/*.csv", "data/**/*.csv", True)),
        *(("data/extra.csv", "data/*.csv", False), ("data/extra.csv", "data/extra.csv", True)),
    ],
)
@pytest.mark.parametrize("way", ["glob", "relative", "path", "recursive"])
def test_a_pattern_may_be_looked_for_where_it_is_declared(
    folder: Path, declared: str, asked: str, is_known: bool, way: str
) -> None:
    start, _, rest = asked.rpartition("/**/") if "**" in asked else asked.rpartition("/")
    ways: dict[str, Callable[[], object]] = {
        "glob": lambda: glob.glob(asked, recursive=True),  # noqa: PTH207
        "relative": lambda: glob.glob(asked.removeprefix("data/"), root_dir="data", recursive=True),  # noqa: PTH207
        "path": lambda: list(folder.glob(asked)),
        "recursive": lambda: list(Path(start).rglob(rest) if "**" in asked else Path(start).glob(rest)),
    }
    found = noted(ways[way], witness(folder, (Files(declared),)))
    assert found == ([] if is_known else [f"looked for {asked}"])


def test_a_folder_of_what_is_handed_in_is_listed_for_what_else_is_there(folder: Path) -> None:
    made = witness(folder, inputs=[folder / "data" / "extra.csv"])
    assert noted(lambda: list(Path("data").iterdir()), made) == ["listed data"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
def test_a_path_that_begins_where_distributions_are_and_goes_up_is_noted(folder: Path) -> None:
    (folder / "conf.py").write_text("")
    place = Path(os.__file__).parent
    way = os.path.join(place, *[".."] * len(place.parts[1:]), *folder.parts[1:], "conf.py")  # noqa: PTH118
    assert noted(lambda: Path(way).read_text(), witness(folder)) == ["opened conf.py"]


def test_a_project_may_be_its_own_virtual_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.prefix", str(folder))
    for name in ("lib/thing.txt", "extra.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")

    def read() -> None:
        Path("lib/thing.txt").read_text()
        Path("extra.txt").read_text()

    assert noted(read, witness(folder)) == ["opened extra.txt"]


def test_of_the_system_no_more_is_free_than_what_libraries_look_at(folder: Path) -> None:
    def work() -> None:
        for name in ("/etc/passwd", "/proc/self/status", "/proc/meminfo", "/proc/cpuinfo", "/dev/urandom"):
            with Path(name).open("rb") as file:
                file.read(1)

    assert noted(work, witness(folder)) == []
    with tempfile.NamedTemporaryFile("w", dir="/dev/shm") as shared:
        for name in (shared.name, "/proc/self/environ", "/etc/profile"):
            real = os.path.realpath(name)
            assert noted(lambda name=name: Path(name).read_bytes(), witness(folder)) == [f"opened {real}"]


def test_a_file_that_is_written_on_was_there_before(folder: Path) -> None:
    def work() -> None:
        with Path("data/extra.csv").open("r+") as file:
            file.write("x")

    assert noted(work, witness(folder)) == ["opened data/extra.csv"]


def test_what_others_do_meanwhile_and_what_is_done_afterwards_is_not_noted(folder: Path) -> None:
    made, others = witness(folder), threading.Event()

    def wait() -> None:
        others.wait()
        reads()

    before = threading.Thread(target=wait)
    before.start()
    with made.watching():
        others.set()
        before.join()
    reads()
    assert made.noted == []


def test_a_pool_that_two_share_works_for_who_asked(folder: Path) -> None:
    first, second = witness(folder), witness(folder)
    with ThreadPoolExecutor(1) as pool:
        with first.watching():
            pool.submit(len, "").result()
        with second.watching():
            pool.submit(reads).result()
    assert (first.noted, second.noted) == ([], ["opened data/extra.csv"])


def test_what_is_kept_for_two_is_noted_for_both(folder: Path) -> None:
    def made(*states: str, depends: Sequence[Dependency] = ()) -> Witness:
        known = Known({}, (), [], folder, imports_of, (), depends, (), Places([]), [*states, str(folder)])
        return Witness(known, lambda _text: None)

    first, second, third = made("core.cached"), made("core.cached"), made("core.cached", depends=_FILE)
    apart = Witness(Known({}, (), [], folder, imports_of, (), (), (), Places([])), lambda _text: None)
    noted(reads, first)
    for each in (second, third, apart):
        each.look_at_code()
    assert second.noted == first.noted == ["opened data/extra.csv"]
    assert third.noted == apart.noted == []


def test_a_program_is_told_by_where_it_is_found_and_by_what_it_is_handed(folder: Path) -> None:
    other = folder / "elsewhere" / "true"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    made = (Program("true"), Program("cat"))

    def start(*words: str, **options: Any) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, capture_output=True, **options)

    assert noted(start("true", env={"PATH": str(other.parent)}), witness(folder, made)) == [
        f"started {other}"
    ]
    assert noted(start("cat", "data/extra.csv"), witness(folder, made)) == ["opened data/extra.csv"]
    assert noted(start("cat", "extra.csv", cwd="data"), witness(folder, made)) == ["opened data/extra.csv"]
    assert noted(start("cat", "data/extra.csv"), witness(folder, (*made, *_FILE))) == []
    assert noted(start("cat", "data/extra.csv"), witness(folder, _IT)) == []


def test_what_outlives_a_stage_is_noted_for_all_that_run_beside_it(folder: Path) -> None:
    ended, pool = threading.Event(), ThreadPoolExecutor(1)
    thread = threading.Thread(target=ended.wait, name="Kept")
    ways: dict[str, Callable[[], object]] = {
        "the thread Kept": thread.start,
        "wait in a pool": lambda: pool.submit(ended.wait),
    }
    firsts = [(witness(folder), text, work) for text, work in ways.items()]
    for first, text, work in firsts:
        assert noted(work, first) == [f"left {text} at work"]
    beside, declared = witness(folder), witness(folder, _IT)
    ended.set()
    pool.shutdown()
    thread.join()
    for each in (beside, declared, after := witness(folder)):
        each.look_at_code()
    assert beside.noted == [f"ran beside {text}, which was left at work" for text in ways]
    assert declared.noted == after.noted == []


def test_a_strict_witness_stops_what_is_done_and_does_not_let_it_pass(folder: Path) -> None:
    told, steps = [], []
    known = Known({}, (), [], folder, imports_of, (), (), (), Places([]))
    strict = Witness(known, told.append, is_strict=True)

    def work() -> None:
        try:
            reads()
            steps.append("read")
        except UnkeyedError:
            steps.append("let pass")

    with pytest.raises(UnkeyedError, match=r"got: opened data/extra\.csv; declare that in the stage's `dep"):
        noted(work, strict)
    assert (steps, told) == (["let pass"], ["opened data/extra.csv"])


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A followed package whose function loads a module by a computed name, and modules beside it."""
    name = f"followed_{folder.name}"
    (folder / name).mkdir()
    texts = {
        "__init__": "",
        "plain": "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)\n",
        "other": "from .plain import load\n",
        "hidden": "",
    }
    for module, text in texts.items():
        (folder / name / f"{module}.py").write_text(text)
    (folder / f"beside_{name}.py").touch()
    monkeypatch.syspath_prepend(folder)

    def make(*definitions: str, depends: Sequence[Dependency] = ()) -> Witness:
        files = {folder / name / "plain.py": f"{name}.plain"}
        known = Known(
            files,
            [f"{name}.{definition}" for definition in definitions],
            [folder / name],
            *(folder, imports_of, (), depends, (), Places([])),
        )
        return Witness(known, lambda _text: None)

    make.package = name  # type: ignore[attr-defined]
    yield make
    for module in [module for module in sys.modules if name in module]:
        del sys.modules[module]


def test_code_that_is_loaded_unseen_is_noted_for_all_that_reach_what_loads_it(project: Any) -> None:
    name = project.package
    load = importlib.import_module(f"{name}.plain").load
    for hidden, file in ((f"beside_{name}", f"beside_{name}.py"), (f"{name}.hidden", f"{name}/hidden.py")):
        first, second, apart = project("plain.load"), project("plain.load"), project("plain.other")
        for each in (first, second, apart):
            with each.watching():
                if each is not apart:
                    load(hidden)
                each.look_at_code()
        wanted = f"loaded {file}, code that is not followed"
        assert wanted in first.noted and wanted in second.noted
        assert apart.noted == []


@pytest.mark.parametrize("way", ["open", "library", "get_data"])
def test_code_that_is_read_as_text_is_noted_though_the_key_has_its_syntax(
    project: Any, folder: Path, way: str
) -> None:
    name = project.package
    path = folder / name / "plain.py"
    ways: dict[str, Callable[[], object]] = {
        **{"open": path.read_text, "library": lambda: pd.read_csv(path)},
        "get_data": lambda: pkgutil.get_data(name, "plain.py"),
    }
    importlib.import_module(name)
    assert noted(ways[way], project("plain.load")) == [f"opened {name}/plain.py"]
    assert noted(ways[way], project("plain.load", depends=[Files(f"{name}/*.py")])) == []
    assert noted(lambda: linecache.getlines(str(path)), project("plain.load")) == []


@pytest.mark.parametrize("change", ["path", "file", "nothing"])
def test_a_module_that_is_looked_for_elsewhere_than_its_code_was_read_is_noted(
    project: Any, folder: Path, change: str
) -> None:
    module = importlib.import_module(f"{project.package}.plain")
    if change == "path":
        module.__path__ = [str(folder / project.package), str(folder / "extra")]  # type: ignore[attr-defined]
    elif change == "file":
        module.__file__ = str(folder / "extra")
    made = project("plain.other")
    made.look_at_code()
    assert made.noted == ([] if change == "nothing" else [f"looked for {module.__name__} in extra"])


@pytest.mark.parametrize("kind", ["function", "method", "property", "static method", "decorated", "own"])
def test_a_definition_in_whose_place_code_from_elsewhere_stands_is_noted(
    project: Any, folder: Path, kind: str
) -> None:
    module: Any = importlib.import_module(f"{project.package}.plain")
    names: dict[str, Any] = {}
    exec(compile("def strange(self=None): ...", str(folder / "strange.py"), "exec"), names)
    strange, module.Kind = names["strange"], type("Kind", (), {})
    put: dict[str, Callable[[], Any]] = {
        **{"function": lambda: strange, "method": lambda: strange, "own": lambda: module.load},
        **{"property": lambda: property(strange), "static method": lambda: staticmethod(strange)},
        "decorated": lambda: functools.wraps(strange)(module.load),
    }
    holder = module if kind in {"function", "decorated"} else module.Kind
    holder.told = put[kind]()
    made = project("plain.told" if holder is module else "plain.Kind")
    made.look_at_code()
    where = f"{module.__name__}.{'told' if holder is module else 'Kind'}"
    assert made.noted == ([] if kind == "own" else [f"found in {where} what strange.py put there"])


#: what a module does on import, and what is noted of that
ON_IMPORT = {
    "opens a file": ("open('data/extra.csv').close()", "opened data/extra.csv"),
    "opens it in a thread": (
        "import threading\nfrom pathlib import Path\n"
        "it = threading.Thread(target=Path('data/extra.csv').read_text)\nit.start()\nit.join()",
        "opened data/extra.csv",
    ),
    "opens it by a library": ("import pandas\npandas.read_csv('data/extra.csv')", "opened data/extra.csv"),
    "lists a folder": ("import os\nos.listdir('data')", "listed data"),
    "starts a program": ("import subprocess\nsubprocess.run(['true'])", "started true"),
    "connects": (
        "import socket\nit = socket.socket()\nit.connect_ex(('127.0.0.1', 9))\nit.close()",
        "connected to 127.0.0.1:9",
    ),
}


@pytest.mark.parametrize(("text", "wanted"), ON_IMPORT.values(), ids=ON_IMPORT)
@pytest.mark.parametrize(
    "where", ["before any stage", "in another stage", "in the stage", "by another module"]
)
def test_what_a_module_touches_on_import_is_noted_for_all_that_reach_it(
    project: Any, folder: Path, where: str, text: str, wanted: str
) -> None:
    name = project.package
    (folder / name / "plain.py").write_text(text)

    def load() -> object:
        return importlib.import_module(f"{name}.{'other' if where == 'by another module' else 'plain'}")

    (folder / name / "other.py").write_text("from . import plain\n")
    if where == "in another stage":
        with project("other").watching():
            load()
    elif where != "in the stage":
        load()
    made = project("plain")
    with made.watching():
        load()
        made.look_at_code()
    # The modules here are not looked up by their syntax.
    assert [text for text in made.noted if not text.startswith("loaded ")] == [wanted]
    declared: dict[str, Sequence[Dependency]] = {
        "opened": (Files("data/*.csv"),),
        "listed": (Files("data/*"),),
        "started": (Program("true"),),
        "connected": (Network(),),
    }
    made = project("plain", depends=declared[wanted.partition(" ")[0]])
    made.look_at_code()
    assert made.noted == []


def test_what_a_module_made_on_import_is_not_noted_and_what_it_touched_before_an_edit_is_forgotten(
    project: Any, folder: Path
) -> None:
    module = f"{project.package}.plain"
    for text, wanted in (
        ("open('data/extra.csv').close()", ["opened data/extra.csv"]),
        ("open('made', 'w').close()\nopen('made').close()", []),
    ):
        (folder / project.package / "plain.py").write_text(text)
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
        importlib.import_module(module)
        made = project("plain")
        made.look_at_code()
        assert made.noted == wanted


def test_a_file_of_a_package_is_looked_up_by_its_name(folder: Path, project: Any) -> None:
    (folder / project.package / "data").mkdir()
    file = folder / project.package / "data" / "a.txt"
    file.write_text("1")
    found = resources.files(f"{project.package}.data")
    made = witness(folder, inputs=[file])
    assert noted((found / "a.txt").read_text, made) == []
    assert noted(lambda: [*found.iterdir()], witness(folder)) == [f"listed {project.package}/data"]
