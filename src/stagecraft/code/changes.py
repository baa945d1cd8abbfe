"""What code changes for whatever runs later in the same process: of what it imports, and of its own module.

That finds it changed, for reasons that its key may not know.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from stagecraft.code.modules import Modules
from stagecraft.code.names import Ref
from stagecraft.code.source import Module
from stagecraft.code.targets import Target, definitions
from stagecraft.code.uses import OBJECTS, Uses

# What libraries look at in the environment is listed as unseen; how a picture is drawn is no value, nor is
# what is done at the end of the process.
_FREE = frozenset({"atexit", "colormaps", "environ", "rcParams"})
_NAMESPACE = "__dict__"

Find = Callable[[Ref], Iterable[Target]]


class Change(NamedTuple):
    """A place where code changes something, or may.

    Attributes:
        what: its dotted name; of an object that of its class, and `<objects>`.
        is_own: it is a definition of the project's, which only code that reads it finds changed.
        module: where that stands.
        by: the definition whose key knows of it: of what happens on import the statements of its module, of
            what is its module's own the function; nothing where none does.
    """

    what: str
    is_own: bool
    module: str
    line: int
    by: str = ""


def changes(modules: Modules, found: Uses, home: Module, find: Find, by: str = "") -> Iterator[Change]:
    """List what code changes for others.

    Args:
        found: what it uses.
        home: its module.
        find: tells what its names lead to.
        by: its own name.
    """
    yield from (
        Change(f"{home.name}.{name}", True, home.name, line, by) for name, line in found.rebound.items()
    )
    for (ref, is_filled, is_at_import), line in found.changes.items():
        is_known = ref.module or ref.path[0] in home.bound
        for target in find(ref) if _FREE.isdisjoint(ref.path) else ():
            is_own = target.kind == "definition"
            name = f"{target.module}.{target.name}" if is_own else target.name or target.module
            is_object = OBJECTS in ref.path
            rest = is_own and modules.after(ref.path, ref.module or home.name)
            is_data = not is_filled or _NAMESPACE in ref.path or rest or _is_value(modules, target)
            is_builtin = name.startswith("builtins.") and not is_known
            knowing = by if target.module == home.name else ""
            if is_data and not is_builtin:
                yield Change(
                    f"{name}.{OBJECTS}" if is_object else name,
                    is_own,
                    home.name,
                    line,
                    f"{home.name}.<statements>" if is_at_import else knowing,
                )


def _is_value(modules: Modules, target: Target) -> bool:
    """Tell whether something is a value of the project's, and no function, class or module."""
    bound = [part for unit in definitions([target]) for part in modules.bound(unit)]
    return any(isinstance(part, ast.Assign | ast.AnnAssign) for part in bound)
