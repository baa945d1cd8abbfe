"""Which fields of which classes code reads."""

from collections.abc import Iterable, Iterator

from stagecraft.code.classes import Classes, is_field
from stagecraft.code.names import Ref
from stagecraft.code.nodes import named
from stagecraft.code.owners import CLASS, Read
from stagecraft.code.targets import Unit, definitions

# Objects of these types may be of any class.
_ANY = frozenset({"builtins.object", "typing.Any", "typing_extensions.Any"})
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})


class Fields:
    """Finds the classes that attributes are read of."""

    def __init__(self, classes: Classes) -> None:
        self._classes, self._modules = classes, classes.modules

    def read(self, reads: Iterable[Read], home: str) -> tuple[set[tuple[str, str]], set[str]]:
        """Find what attributes are read.

        Args:
            home: the module that the code stands in.

        Returns:
            of classes of the project, by their dotted names; and of whatever class, the attributes alone.
        """
        known: set[tuple[str, str]] = set()
        unknown: set[str] = set()
        for types, path in reads:
            owners = self._owners(types, home)
            for attribute in path[:-1]:
                owners = owners and {found for owner in owners for found in self._held(owner, attribute)}
                if owners is not None and None in owners:
                    owners = None
            if owners is None or (types and not owners and path[-1] == CLASS):
                unknown |= {path[-1]} - {"*"}
            else:
                last = "*" if path[-1] == CLASS else path[-1]
                known |= {(str(owner), last) for owner in owners if owner and (owner.module or last == "*")}
        return known, unknown

    def _owners(self, types: Iterable[Ref], home: str) -> set[Unit | None] | None:
        """Find the classes that types stand for, others' without a module; None where they may be any."""
        found = {target for ref in types for target in self._modules.find(ref, home)}
        units = definitions(found)
        if not all(map(self._is_told, units)) or any(target.name in _ANY for target in found):
            return None
        # An object may be of a class that inherits from one outside the project.
        return {*units, *(Unit("", target.name) for target in found if target.kind == "outside")}

    def _is_told(self, unit: Unit) -> bool:
        """Tell whether objects of a type are of that class, or of one that inherits from it."""
        is_protocol = not _PROTOCOLS.isdisjoint(base.name for base in self._classes.family(unit).outside)
        return bool(self._classes.named(unit)) and not is_protocol

    def _held(self, owner: Unit | None, attribute: str) -> Iterator[Unit | None]:
        """Find the classes of what an attribute holds; None where they may be any."""
        if owner and not owner.module:
            return
        relatives = self._classes.family(owner).classes if owner else ()
        hints = [
            (part.annotation, one.module)
            for one in relatives
            for node in self._classes.named(one)
            for part in node.body
            if is_field(part) and getattr(part.target, "id", "") == attribute
        ]
        if not hints:
            yield None
        for hint, home in hints:
            refs = [Ref("", path) for path in named(hint)]
            found = self._owners(refs, home)
            yield from [None] if found is None else found
