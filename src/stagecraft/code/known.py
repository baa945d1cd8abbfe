"""What of Python and of libraries is known to do nothing but make a value."""

from collections.abc import Collection
from enum import IntEnum

from stagecraft.code.targets import Target


class Level(IntEnum):
    """What is known of an expression; each level holds what those before it do."""

    ANY = 0
    """Nothing: it may run code of the project, or change something."""
    VALUE = 1
    """It only makes a value, which may be handed on: a function, a class, an object of one."""
    OUTSIDE = 2
    """Operators run nothing of the project with it, but its methods may do anything: it may be a module."""
    DATA = 3
    """Neither do methods that only read."""
    LITERAL = 4
    """There is nothing in it that can be called."""


# What makes a value from data, and keeps nothing of it elsewhere.
MAKERS = {
    "builtins": "abs all any bool bytearray bytes chr complex dict float frozenset hash hex int isinstance"
    " issubclass len list max min object ord pow range repr round set slice sorted str sum tuple type",
    "collections": "ChainMap Counter OrderedDict deque namedtuple",
    "contextvars": "ContextVar",
    "dataclasses": "KW_ONLY",
    "datetime": "date datetime time timedelta timezone",
    "decimal": "Decimal",
    "enum": "auto",
    "fractions": "Fraction",
    "json": "dumps loads",
    "logging": "getLogger",
    "math": "cos exp fsum gcd hypot isqrt log log10 log2 nextafter prod sin sqrt",
    "numpy": "arange array dtype float32 float64 full int32 int64 linspace ones zeros",
    "operator": "attrgetter itemgetter methodcaller",
    "pathlib": "Path PurePath PurePosixPath",
    "pydantic": "StringConstraints",
    "re": "compile escape",
    "regex": "compile escape",
    "string": "Template",
    "threading": "Event Lock RLock local",
    "torch": "arange device full ones tensor zeros",
    "types": "SimpleNamespace",
    "typing": "ParamSpec TypeVarTuple",
    "typing_extensions": "ParamSpec TypeVarTuple",
}
# What besides may be given functions and classes, for it calls none of them at once.
KEEPERS = {
    "builtins": "classmethod property staticmethod",
    "dataclasses": "field",
    "functools": "cache cached_property lru_cache partial",
    "pydantic": "AfterValidator BeforeValidator ConfigDict Field PlainSerializer PlainValidator PrivateAttr"
    " TypeAdapter WrapValidator",
    "types": "MappingProxyType",
    "typing": "ForwardRef NewType TypeVar cast",
    "typing_extensions": "NewType TypeVar",
}
# What can be read once, which is harmless only where that happens at once.
READ_ONCE = {"builtins": "enumerate reversed zip"}
# What only goes through its one argument.
ITERATING = {"builtins": "frozenset len list max min set sorted tuple"}
# Methods that leave their object as it is, if that is data.
READERS = {
    *("copy", "count", "encode", "endswith", "format", "get", "index", "isalpha", "isdigit", "islower"),
    *("isspace", "isupper", "items", "join", "keys", "lower", "removeprefix", "removesuffix", "replace"),
    *("split", "splitlines", "startswith", "strip", "title", "union", "upper", "values"),
}
# Keywords whose values no maker calls, be they from outside.
UNCALLED = {"device", "dtype"}


def is_among(known: dict[str, str], to: Target) -> bool:
    """Tell whether something from outside the project is on a list."""
    module, _, thing = to.name.rpartition(".")
    return to.kind == "outside" and thing in known.get(module, "").split()


def are_among(known: dict[str, str], found: Collection[Target]) -> bool:
    """Tell whether a name leads to something, and to nothing but what is on a list."""
    return bool(found) and all(is_among(known, to) for to in found)
