"""Whether what is given may stand where something is expected; what can't be told may."""

from types import NoneType

from stagecraft.code.hints import Hint, Hints, Kind
from stagecraft.code.outside import is_told_by_methods
from stagecraft.code.targets import Unit

# Types that JSON tells.
_TOLD = {bool, float, int, NoneType, str}


def names_exactly(given: Hint, expected: Hint) -> bool:
    """Tell whether a hint names all types that are given, and what these hold, unless JSON tells them."""
    return all(
        kind.type in _TOLD or any(_names(kind, allowed) for allowed in expected.kinds) for kind in given.kinds
    )


def _names(given: Kind, expected: Kind) -> bool:
    parts = expected.parts or (Hint(""),)
    return given.type == expected.type and all(
        any(names_exactly(part, allowed) for allowed in parts) for part in given.parts
    )


def fits(hints: Hints, given: Hint, expected: Hint) -> bool:
    """Tell whether all that is given is among what is expected."""
    return not expected.kinds or all(
        any(_is(hints, kind, allowed) for allowed in expected.kinds) for kind in given.kinds
    )


def _is(hints: Hints, given: Kind, expected: Kind) -> bool:
    is_allowed = not (given.values and expected.values) or given.values[0] in expected.values
    return is_allowed and _derives(hints, given.type, expected.type) and _holds(hints, given, expected)


def _holds(hints: Hints, given: Kind, expected: Kind) -> bool:
    """Tell whether a collection holds what is expected; a text holds texts."""
    if given.type is str and expected.parts:
        return fits(hints, Hint("str", (Kind(str),)), expected.parts[0])
    if not given.parts or not expected.parts:
        return True
    count = len(given.parts if expected.endless else expected.parts)
    if not (given.endless or expected.endless) and len(given.parts) != count:
        return False
    pairs = zip(_parts(given, count), _parts(expected, count), strict=True)
    return all(fits(hints, part, wanted) for part, wanted in pairs)


def _parts(kind: Kind, count: int) -> tuple[Hint, ...]:
    return (kind.parts * count)[:count] if kind.endless else kind.parts


def _derives(hints: Hints, given: Unit | type, expected: Unit | type) -> bool:
    if isinstance(given, type):
        return _inherits(given, expected)
    if given == expected or (isinstance(expected, type) and is_told_by_methods(expected)):
        return True
    bases = hints.bases(given)
    return any(not base or any(_derives(hints, kind.type, expected) for kind in base) for base in bases)


def _inherits(given: type, expected: Unit | type) -> bool:
    if isinstance(expected, type):
        # An int is a float to every type checker.
        return issubclass(given, expected) or (expected is float and issubclass(given, int))
    return any((base.__module__, base.__qualname__) == expected[:2] for base in given.__mro__)
