"""Error trees as the docstring of their module draws them."""

import inspect
from types import ModuleType


def drawn_tree(module: ModuleType) -> dict[str, str]:
    """Read the tree in a module's docstring: each name with its parent's."""
    path: list[str] = []
    parents = {}
    for line in (inspect.getdoc(module) or "").splitlines():
        branch, _, rest = line.rpartition("── ")
        name = (rest if branch else line).split()[:1]
        if not name or not name[0].endswith("Error"):
            continue
        depth = (len(branch) + 3) // 4 if branch else 0
        path[depth:] = [name[0]]
        parents[name[0]] = path[depth - 1] if depth else "Exception"
    return parents
