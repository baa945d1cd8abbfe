"""The code that a model is packaged with: the modules that its own file imports, and what these import."""

import ast
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from stagecraft.code.parsing import parse


def modules_behind(code: Path, packages: Iterable[ModuleType]) -> dict[str, Path]:
    """Find the modules of some packages that a file can import, directly and through others.

    Imports are read, not run. Those within functions count too, but not what is imported by a computed name.

    Args:
        code: a Python file.

    Returns:
        files by their paths from the folder that the packages lie in, such as `package/models/mlp.py`, each
        with those of the packages around it.
    """
    roots = {package.__name__: Path(str(package.__file__)).parent for package in packages}
    found: dict[str, Path] = {}
    waiting = [("", code)]
    for name, file in waiting:  # which grows meanwhile
        for imported in _imports(name, file):
            for path, module, there in _files(imported.split("."), roots):
                if path not in found:
                    found[path] = there
                    waiting.append((module, there))
    return dict(sorted(found.items()))


def lay_out(files: Mapping[str, Path], folder: Path) -> None:
    """Copy files to their paths in a folder."""
    for path, file in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / path)


def _imports(package: str, file: Path) -> Iterator[str]:
    """Name what a file imports; a name taken from a module may be a module itself.

    Args:
        package: that the file lies in, from which relative imports go.
    """
    for node in ast.walk(parse(file.read_bytes(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def _files(parts: list[str], roots: Mapping[str, Path]) -> Iterator[tuple[str, str, Path]]:
    """Find a module and the packages around it: path, package that relative imports go from, and file."""
    root = roots.get(parts[0])
    for depth in range(1, len(parts) + 1 if root else 1):
        assert root
        folder, name = root.joinpath(*parts[1:depth]), ".".join(parts[:depth])
        if (file := folder / "__init__.py").is_file():
            yield f"{name.replace('.', '/')}/__init__.py", name, file
        elif depth > 1 and (file := folder.with_name(f"{folder.name}.py")).is_file():
            yield f"{name.replace('.', '/')}.py", ".".join(parts[: depth - 1]), file
