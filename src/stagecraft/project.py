"""The project whose stages are run: where it lies, and what it tells of itself."""

import json
import sys
import tomllib
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from stagecraft.errors import ProjectError, explain
from stagecraft.names import Names, how_to_get_a_project

if TYPE_CHECKING:
    from stagecraft.pipeline.selection import Selector
    from stagecraft.progress.watching import Watcher
    from stagecraft.runs.request import Request, Summary


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
    _check_mechanism(folder)
    target = _declared(names, folder)
    named = f"{target}, which {folder / 'pyproject.toml'} names"
    advice = f"correct that, or [tool.{names.project}] there"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        project = _import(target, folder)
    except (Exception, SystemExit) as error:
        if hasattr(error, "exit_status"):  # made for the user
            raise
        where = _raised_at(error, folder)
        raise ProjectError(f"expected a Project in {named}, got {explain(error)}{where}; {advice}") from error
    if not isinstance(project, Project):
        got = f"none in {folder}" if project is None else repr(project)
        raise ProjectError(f"expected a Project in {named}, got {got}; {advice}")
    return project


def _check_mechanism(folder: Path) -> None:
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


def _raised_at(error: BaseException, folder: Path) -> str:
    """Tell where in a folder an error was raised."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" at {error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(folder)]
    return f" at {inside[-1].filename}:{inside[-1].lineno}" if inside else ""


def _declared(names: Names, folder: Path) -> str:
    """Read where a folder's pyproject.toml says that its project is; empty if it says nothing.

    Raises:
        ProjectError: the file can't be read.
    """
    path = folder / "pyproject.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise ProjectError(f"expected a TOML file, got {path}, which can't be read: {error}") from None
    tool = _table(_table(document, "tool"), names.project)
    return str(tool.get("project", ""))


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name)
    return table if isinstance(table, dict) else {}


def _checkout(names: Names) -> Path | None:
    """Find the folder that the project's distribution is an editable installation of (PEP 610)."""
    try:
        origin = json.loads(Distribution.from_name(names.project).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:
        return None
    url = urlsplit(origin.get("url", ""))
    is_editable = origin.get("dir_info", {}).get("editable", False)
    return Path(unquote(url.path)) if is_editable and url.scheme == "file" else None
