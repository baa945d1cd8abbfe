"""Why there is no such definition, and what comes closest to it."""

from stagecraft.code.modules import Modules
from stagecraft.code.nodes import is_function
from stagecraft.code.source import Module
from stagecraft.errors import nearest


def why_absent(modules: Modules, module: str, name: str) -> str:
    """Say why a module of what is followed has no such name, or is none."""
    if modules.is_elsewhere(module):
        top, known = module.partition(".")[0], {root.name: None for root in modules.roots}
        return f"{top} is none of the project's packages; {nearest(top, known)}"
    if found := modules.load(module):
        return f"expected a function, a class or a constant in {module}; {nearest(name, _names(found))}"
    if modules.exists(module):
        return f"{module} is left out of the code that is followed; move what counts to another module"
    above = module
    while above and not modules.load(above):
        above = above.rpartition(".")[0]
    return f"there is no module {module}; {nearest(module, [above, *modules.below(above)])}"


def _names(module: Module) -> list[str]:
    """Name the functions of a module, or all that it binds if it has none."""
    functions = [name for name, (nodes, _) in module.bound.items() if any(map(is_function, nodes))]
    return functions or list(module.bound)
