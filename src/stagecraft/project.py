"""The project whose stages are run: where it lies, and what it tells of itself."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from stagecraft.errors import ProjectError, explain, is_for_users, nearest, raised_at
from stagecraft.files.opening import read_toml
from stagecraft.names import Names, how_to_get_a_project

if TYPE_CHECKING:
    from stagecraft.pipeline.selection import Selector
    from stagecraft.progress.watching import Watcher
    from stagecraft.runs.request import Request, Summary

_NAMED = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class Project:
    """What a project hands to the commands.

    Args:
        flows: what can be run, by name, each with a sentence that describes it; the whole comes first.
        profiles: the names of its configurations; the usual one comes first.
        ask: from a flow (empty: what the changes suggest), a profile, changes of its settings (the later over
            the earlier), the stages that are wanted and whether the network is out of bounds to a request.
        start: runs a request as a Prefect flow.
    """

    names: Names
    flows: Mapping[str, str]
    profiles: Sequence[str]
    ask: "Callable[[str, str, Sequence[Mapping[str, Any]], Selector, bool], Request]"
    start: "Callable[[Request, Watcher], Summary]"


def find_folder(names: Names, start: Path) -> Path | None:
    """Find a project's folder: the nearest one upwards that declares it, or else the installed checkout.

    Args:
        start: the folder to begin with, absolute.

    Raises:
        ProjectError: a pyproject.toml on the way can't be read, or declares it otherwise than it should.
    """
    for folder in (start, *start.parents):
        if _declared(names, folder):
            return folder
    checkout = _checkout(names)
    return checkout if checkout and _declared(names, checkout) else None


def load_project(names: Names, folder: Path | None) -> Project:
    """Import what a project tells of itself; all else that is the project's own is reached through that.

    Args:
        folder: the project's, from `find_folder`.

    Raises:
        ProjectError: there is none, or what its pyproject.toml names is no `Project`.
    """
    if folder is None:
        raise ProjectError(f"expected a project, got none in {Path.cwd()}; {how_to_get_a_project(names)}")
    check_mechanism(folder)
    target = _declared(names, folder)
    named = f"{target}, which {folder / 'pyproject.toml'} names"
    advice = f"correct that, or [tool.{names.project}] there"
    if sys.path[:1] != [str(folder)]:  # before whatever else holds modules of the same names
        sys.path.insert(0, str(folder))
    with telling_where(folder, f"expected a Project in {named}, got ", advice):
        project = _import(target, folder)
    if not isinstance(project, Project):
        got = f"none in {folder}" if project is None else repr(project)
        raise ProjectError(f"expected a Project in {named}, got {got}; {advice}")
    if not (project.flows and project.profiles and callable(project.ask) and callable(project.start)):
        raise ProjectError(f"expected a Project with flows, profiles, `ask` and `start` in {named}; {advice}")
    for name in (*project.flows, *project.profiles):
        if not (isinstance(name, str) and _NAMED.fullmatch(name)):
            raise ProjectError(
                f"expected names that a command line can hold for the flows and profiles in {named}, got"
                f" {name!r}; {advice}"
            )
    _check_packages(folder, _checkout(names))
    if project.names != names:
        raise ProjectError(
            f"expected a Project of {names.project} in {named}, got one of {project.names.project},"
            " which has other names; run it by its own program"
        )
    return replace(project, ask=partial(_ask, project, folder))


def _ask(project: Project, folder: Path, *args: Any) -> "Request":
    """Ask a project for a request; what is wrong in its own code is told by its place."""
    with telling_where(folder, "asked for a request, the project failed with ", "correct that"):
        return project.ask(*args)


@contextmanager
def telling_where(folder: Path, before: str, advice: str) -> Iterator[None]:
    """Tell where in a project's folder it is that its own code fails.

    Raises:
        ProjectError: it does; errors that are made for users are left as they are.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if is_for_users(error):
            raise
        place = raised_at(error, lambda file: Path(file).is_relative_to(folder))
        where = f" at {place[0]}:{place[1]}" if place else ""
        raise ProjectError(f"{before}{explain(error)}{where}; {advice}") from error


def check_mechanism(folder: Path) -> None:
    """See that a folder that carries this package is run by its own, and not by another installation.

    Raises:
        ProjectError: it carries another one.
    """
    used = Path(__file__).parent
    carried = folder / "src" / used.name
    if carried.is_dir() and not carried.samefile(used):
        raise ProjectError(
            f"expected the code of {folder}, got that of {used.parent}, for this program was installed from"
            f" there; run the one of {folder} (`make run` makes it), or change to another folder"
        )


def _check_packages(folder: Path, checkout: Path | None) -> None:
    """See that no package that was imported is of the checkout that is installed, if that is another one.

    Raises:
        ProjectError: one is, for the folder lacks it.
    """
    if checkout is None or folder.resolve().is_relative_to(checkout.resolve()):
        return
    packages = {name: checkout / name / "__init__.py" for name in sorted(sys.modules) if "." not in name}
    for name, file in packages.items():
        if getattr(sys.modules[name], "__file__", None) == str(file):
            raise ProjectError(
                f"expected the package {name} in {folder}, which has none, got that of {checkout}; put it"
                " there, or change to that folder"
            )


def _import(target: str, folder: Path) -> object:
    """Import what stands under a name such as flows:PROJECT; None if there is none in a folder."""
    module, _, name = target.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        return None
    try:
        imported = import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            return None
        raise
    is_inside = Path(imported.__file__ or "").resolve().is_relative_to(folder.resolve())
    return getattr(imported, name, None) if is_inside else None


def _declared(names: Names, folder: Path) -> str:
    """Read where a folder's pyproject.toml says that its project is; empty if it says nothing.

    Raises:
        ProjectError: the file can't be read, or says something else there.
    """
    path = folder / "pyproject.toml"
    try:
        document = read_toml(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise ProjectError(f"expected a TOML file, got {path}, which can't be read: {error}") from None
    tools = document.get("tool")
    if not isinstance(tools, dict) or names.project not in tools:
        return ""
    return _target(tools[names.project], f"[tool.{names.project}]", path)


def _target(table: object, name: str, path: Path) -> str:
    known = table if isinstance(table, dict) else {}
    if strange := [key for key in known if key != "project"]:
        raise ProjectError(
            f"expected nothing but `project` in {name} of {path}, got {strange[0]}; "
            + nearest(strange[0], ["project"])
        )
    target = known.get("project", table)
    if not (isinstance(target, str) and ":" in target):
        got = repr(target) if target else "nothing"
        raise ProjectError(
            f'expected {name} project = "package:PROJECT" in {path}, got {got};'
            " name the module and what it calls its Project"
        )
    return target


def _checkout(names: Names) -> Path | None:
    """Find the folder that the project's distribution is an editable installation of (PEP 610)."""
    try:
        origin = json.loads(Distribution.from_name(names.project).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return None
    url = urlsplit(origin.get("url", ""))
    is_editable = origin.get("dir_info", {}).get("editable", False)
    return Path(unquote(url.path)) if is_editable and url.scheme == "file" else None
