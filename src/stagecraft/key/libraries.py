"""The distributions behind modules from outside the project, with their versions."""

import itertools
import json
import platform
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from importlib.machinery import PathFinder, all_suffixes
from importlib.metadata import Distribution, PackageNotFoundError, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from stagecraft.errors import shown

_PYTHON = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib"))
_INSTALLED = (*_PYTHON, *(sysconfig.get_paths()[name] for name in ("purelib", "platlib")))


def versions(modules: Iterable[str]) -> dict[str, str]:
    """Find the versions of Python and of the distributions behind modules; one that is not there has none."""
    optimized = " -O" if sys.flags.optimize else ""  # leaves out asserts
    found = {"python": ".".join(platform.python_version_tuple()[:2]) + optimized}
    for module in sorted(modules):
        found |= _versions(module)
    return found


@cache
def is_versioned(module: str) -> bool:
    """Tell whether a version tells which code a module holds; so it does of one that is not there.

    What lies in no installed distribution has none, nor what was installed from a folder (PEP 610).
    """
    if module in _before_python():
        return False
    return module in sys.stdlib_module_names or bool(_versions(module)) or not _is_there(module)


@cache
def _before_python() -> frozenset[str]:
    """Name the modules that lie in folders which Python looks through before its own."""
    folders = itertools.takewhile(lambda folder: not folder.startswith(_PYTHON), sys.path)
    paths = (path for folder in map(Path, folders) if folder.is_dir() for path in folder.iterdir())
    return frozenset(path.name.partition(".")[0] for path in paths if _is_module(path))


def _is_module(path: Path) -> bool:
    """Tell whether a file or folder can be imported; a folder that is no package comes after one that is."""
    return path.name.endswith(tuple(all_suffixes())) or any(path.glob("__init__.*"))


@cache
def _versions(module: str) -> dict[str, str]:
    """Find the distributions of a module, most of which are called as it is, with their versions."""
    try:
        found = [Distribution.from_name(module)]
    except PackageNotFoundError:
        names = packages_distributions().get(module, ()) if _is_there(module) else ()
        found = list(map(Distribution.from_name, names))
    return {one.name: one.version for one in found if not is_from_a_folder(one)}


def _is_there(module: str) -> bool:
    """Tell whether a module can be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except ValueError:  # it was made by hand
        return True


def in_the_way(error: BaseException) -> str:
    """Say which file was imported in place of a library's module of that name, if an error comes of that."""
    if isinstance(error, ImportError):
        name = error.name or ""
    else:
        found = error.obj if isinstance(error, AttributeError) else None
        name = found.__name__ if isinstance(found, ModuleType) else ""
    name = name.partition(".")[0]
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None or file.startswith(_INSTALLED):
        return in_the_way(error.__cause__) if error.__cause__ else ""
    installed = [folder for folder in sys.path if folder.startswith(_INSTALLED)]
    library = PathFinder.find_spec(name, installed)
    if library is None or library.origin is None:
        return ""
    return (
        f"expected the module {name} of {library.origin}, got {shown(file)}, which stands in its way"
        f" ({error}); give that another name"
    )


def is_from_a_folder(distribution: Distribution) -> bool:
    """Tell whether a distribution was installed from a folder (PEP 610): its version tells nothing."""
    return "dir_info" in json.loads(distribution.read_text("direct_url.json") or "{}")
