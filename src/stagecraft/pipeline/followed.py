"""Whether all that a stage's code may do can be followed, or is declared."""

from collections.abc import Iterable

from stagecraft.code import Codebase, CodeError, Reach, Unseen
from stagecraft.key.depends import Code, Dependency, Env, Files, Network, Opaque, Package, Program
from stagecraft.key.libraries import is_versioned

_LIFTING: dict[str, tuple[type[Dependency], ...]] = {
    "changed": (),
    "code": (),
    "comment": (),
    "compiled": (Code, Files, Package),
    "environment": (Env,),
    "file": (Files,),
    "left out": (),
    "network": (Network,),
    "process": (Program,),
    "unversioned": (Code, Package),
}
# Of these one declaration stands for one name.
_BY_NAME = {"environment", "unversioned"}


def check_followed(code: Codebase, reach: Reach, depends: Iterable[Dependency]) -> None:
    """See that all that code may do can be followed, or is declared.

    Raises:
        CodeError: some of it is neither.
    """
    modules = [name for name in sorted(reach.imports) if not is_versioned(name)]
    imported = (code.imported(name, reach) for name in modules)
    check_unseen(code, (*reach.unseen, *imported), depends)


def check_unseen(code: Codebase, unseen: Iterable[Unseen], depends: Iterable[Dependency]) -> None:
    """See that what can't be followed is declared.

    Raises:
        CodeError: some of it is not.
    """
    if missing := [one for one in unseen if not any(_lifts(known, one) for known in depends)]:
        first, *more = missing
        others = f" ({len(more)} more like this)" if more else ""
        raise CodeError(f"{code.where(first)}: {first}{others}")


def _lifts(known: Dependency, unseen: Unseen) -> bool:
    """Tell whether a declaration says what something that can't be followed depends on."""
    if isinstance(known, Opaque):
        return True
    is_meant = unseen.kind not in _BY_NAME or known.name == unseen.name
    if isinstance(known, Files) and unseen.kind == "file":
        is_meant = known.may_hold(unseen.name)
    return is_meant and isinstance(known, _LIFTING[unseen.kind])
