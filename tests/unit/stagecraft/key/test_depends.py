"""What a stage declares besides: each thing enters the key, and a reason names it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stagecraft.errors import WiringError
from stagecraft.files.artifact import sha256_of
from stagecraft.key.depends import Code, Dependency, Env, Files, Network, Opaque, Package, Program
from stagecraft.key.parts import Parts, differences


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def change(thing: Dependency, folder: Path, edit: Any) -> list[str]:
    """Say what differs after an edit; before it nothing does."""
    before, again = (keyed(thing, folder) for _ in range(2))
    assert differences(before, again) == []
    edit()
    after = keyed(thing, folder)
    assert (before.fixed == after.fixed) == (before.declared == after.declared)
    return differences(before, after)


def keyed(thing: Dependency, folder: Path) -> Parts:
    return Parts(code={}, parameters={}, libraries={}, declared=dict(thing.found(folder, sha256_of)))


def test_a_variable_enters_by_its_digest_and_only_its_name_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SCALE", "hidden")
    assert "hidden" not in keyed(Env("MY_SCALE"), folder).model_dump_json()
    assert change(Env("MY_SCALE"), folder, lambda: monkeypatch.setenv("MY_SCALE", "concealed")) == [
        "environment changed: MY_SCALE"
    ]
    assert change(Env("MY_SCALE", shown=True), folder, lambda: monkeypatch.delenv("MY_SCALE")) == [
        "environment changed: MY_SCALE concealed → not set"
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "is_meant"),
    [
        *(("data/*.txt", "data/a.txt", True), ("data/*.txt", "a.txt", True), ("data/*.txt", "a.csv", False)),
        *(("a.txt", "b.txt", False), ("data/*.txt", "data", True), ("a.txt", "", True)),
    ],
)
def test_a_file_is_meant_by_its_name_or_that_of_its_folder(pattern: str, path: str, is_meant: bool) -> None:
    assert Files(pattern).may_hold(path) is is_meant


def test_each_file_that_matches_a_pattern_enters_by_its_content(folder: Path) -> None:
    (folder / "data" / "deep").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "c.csv", "deep/d.txt"):
        (folder / "data" / name).write_text(name)
    assert list(Files("data/*.txt").found(folder, sha256_of)) == ["file: data/a.txt", "file: data/b.txt"]
    assert len(Files(f"{folder}/data/**/*.txt").found(folder, sha256_of)) == 3
    assert Files("data/a.txt").paths(folder) == [folder / "data" / "a.txt"]
    edit = (folder / "data" / "a.txt").write_text
    assert change(Files("data/*.txt"), folder, lambda: edit("other")) == ["file changed: data/a.txt"]
    assert change(Files("data/*.txt"), folder, (folder / "data" / "b.txt").unlink) == [
        "file changed: data/b.txt"
    ]


def test_a_pattern_finds_files_behind_links_and_tells_the_folders_that_it_looks_through(folder: Path) -> None:
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "apart").mkdir()
    (folder / "apart" / "a.txt").write_text("a")
    (folder / "data" / "deep" / "d.txt").write_text("d")
    (folder / "data" / "link").symlink_to(folder / "apart")
    (folder / "apart" / "back").symlink_to(folder / "data")
    files = [f"file: data/{name}" for name in ("deep/d.txt", "link/a.txt")]
    assert [*Files("data/**/*.txt").found(folder, sha256_of)] == files
    folders = [f"file: data/{name}" for name in ("deep", "link", "link/back")]
    assert [*Files("data/**").found(folder, sha256_of)] == [*files, *folders]
    edit = (folder / "apart" / "a.txt").write_text
    assert change(Files("data/**/*.txt"), folder, lambda: edit("other")) == ["file changed: data/link/a.txt"]
    taken = {
        "data/*/*": ["data/deep", "data/link"],
        "data/**": ["data", "data/deep", "data/link"],
        **{"data/*": ["data"], "data/**/*.txt": [], "data/*/*.txt": [], "data/deep/d.txt": []},
    }
    for pattern, folders in taken.items():
        assert Files(pattern).folders(folder) == [folder / name for name in folders]


def test_a_package_beside_the_project_enters_by_its_files(folder: Path) -> None:
    for name in ("mylib/inner/__init__.py", "mylib/__init__.py", "alone.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("VALUE = 1\n")
    for name, file in (
        ("mylib", "mylib/inner/__init__.py"),
        ("mylib.inner", "mylib/inner/__init__.py"),
        ("alone", "alone.py"),
    ):
        path = folder / file
        text = path.read_text()
        assert change(Code(name), folder, lambda path=path: path.write_text("VALUE = 2\n")) == [
            f"code changed: {name}"
        ]
        path.write_text(text)


def test_code_counts_by_names_too_without_its_source_and_behind_links(folder: Path) -> None:
    (folder / "apart").mkdir()
    (folder / "mylib").mkdir()
    for name in ("mylib/__init__.py", "mylib/core.pyc", "apart/__init__.py", "mylib/a.txt", "alone.pyc"):
        (folder / name).write_text("1")
    (folder / "mylib" / "inner").symlink_to(folder / "apart")
    (folder / "apart" / "again").symlink_to(folder / "mylib")
    (folder / "mylib" / "__pycache__").mkdir()
    for name in ("mylib/core.pyc", "apart/__init__.py", "alone.pyc"):
        edit = (folder / name).write_text
        module = Code("alone" if "alone" in name else "mylib")
        assert change(module, folder, lambda edit=edit: edit("2")) == [f"code changed: {module.name}"]
    rename = (folder / "mylib" / "a.txt").rename
    assert change(Code("mylib"), folder, lambda: rename(folder / "mylib" / "b.txt")) == [
        "code changed: mylib"
    ]
    edit = (folder / "mylib" / "__pycache__" / "core.pyc").write_text
    assert change(Code("mylib"), folder, lambda: edit("2")) == []


def install(folder: Path, version: str, origin: dict[str, Any] | None = None) -> None:
    info = folder / "mylib-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: mylib\nVersion: {version}\n")
    if origin:
        (info / "direct_url.json").write_text(json.dumps(origin))


@pytest.mark.thorough
def test_a_distribution_enters_by_its_version_but_one_from_a_folder_by_its_files(folder: Path) -> None:
    install(folder, "1.0")
    assert change(Package("mylib"), folder, lambda: install(folder, "1.1")) == [
        "package changed: mylib 1.0 → 1.1"
    ]
    install(folder, "1.1", {"url": folder.as_uri(), "dir_info": {"editable": True}})
    with pytest.raises(WiringError, match=r'mylib, which was installed from a folder.*Code\("MODULE"\)'):
        keyed(Package("mylib"), folder)
    (folder / "mylib.py").write_text("VALUE = 1\n")
    assert change(Package("mylib"), folder, lambda: (folder / "mylib.py").write_text("VALUE = 2\n")) == [
        "package changed: mylib"
    ]
    (folder / "mylib.py").unlink()
    (folder / "mylib").mkdir()
    for name in ("__init__.py", "a.txt"):
        (folder / "mylib" / name).touch()
    rename = (folder / "mylib" / "a.txt").rename
    assert change(Package("mylib"), folder, lambda: rename(folder / "mylib" / "b.txt")) == [
        "package changed: mylib"
    ]


def test_a_program_enters_by_the_content_of_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    tool = folder / "mytool"

    def make(text: str) -> None:
        tool.write_text(text)
        tool.chmod(0o755)

    assert change(Program("mytool"), folder, lambda: make("#!/bin/sh\n")) == ["program changed: mytool"]
    assert change(Program("mytool"), folder, lambda: make("#!/bin/sh\nexit 1\n")) == [
        "program changed: mytool"
    ]


def test_what_nothing_can_look_into_enters_by_the_version_that_is_declared(folder: Path) -> None:
    parts = [keyed(Opaque("made of a template", version=version), folder) for version in ("1", "2")]
    assert differences(*parts) == ["declared version changed: made of a template 1 → 2"]


def test_who_declares_nothing_or_the_network_has_the_key_as_before(folder: Path) -> None:
    plain = Parts(code={}, parameters={}, libraries={})
    assert keyed(Network(), folder).fixed == plain.fixed
    assert Parts.model_validate_json('{"code": {}, "parameters": {}, "libraries": {}}') == plain


@pytest.mark.parametrize("thing", [Files("no/*.txt"), Code("no_such_module"), Package("no-such-package")])
def test_what_is_declared_and_not_there_is_refused_by_name(folder: Path, thing: Dependency) -> None:
    with pytest.raises(WiringError, match=f"got none.*|{thing.name}"):
        thing.found(folder, sha256_of)


def test_a_stage_is_planned_anew_when_what_it_declares_has_changed(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SCALE", "1")
    workshop.depends["gather"] = (Env("MY_SCALE"), Files(f"{workshop.package}/drawing.py"))
    (call, *_) = workshop.plan().calls.values()
    digests = workshop.results.checks.digests
    before = call.parts({}, digests)
    assert list(before.declared) == ["environment: MY_SCALE", f"file: {workshop.package}/drawing.py"]
    monkeypatch.setenv("MY_SCALE", "2")
    assert differences(before, call.parts({}, digests)) == ["environment changed: MY_SCALE"]
    workshop.depends["gather"] = (Files("no/*.txt"),)
    with pytest.raises(WiringError, match=r"^gather: expected files that match no/\*\.txt, got none in"):
        workshop.plan()
