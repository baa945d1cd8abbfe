"""Whether settings are such as their classes let them be made."""

from typing import Any

from pydantic import BaseModel, ValidationError

from secrecy import cut, redact, spell
from stagecraft.errors import explain, nearest
from stagecraft.pipeline.plain import parts_of


def unvalidated(value: Any) -> str:
    """Say what in settings their classes would not let be; nothing if all is well.

    Pydantic asks nobody at `model_copy(update=…)` and `model_construct`. Validators must take what they made.
    """
    models = (part for part in parts_of(value) if isinstance(part, BaseModel))
    return next(filter(None, map(_wrong_in, models)), "")


def _wrong_in(model: BaseModel) -> str:
    kind, held = type(model), {**vars(model), **(model.__pydantic_extra__ or {})}
    given = {name: held[name] for name in model.model_fields_set if name in held}
    aliases = {name: field.validation_alias for name, field in kind.model_fields.items()}
    told = {
        alias if isinstance(alias := aliases.get(name), str) else name: one for name, one in given.items()
    }
    try:
        made = kind.model_validate(told)
    except ValidationError as error:
        return f"{kind.__name__}.{explain(error)}"
    except Exception as error:  # noqa: BLE001  (a validator of the project's)
        return f"{kind.__name__}: {explain(error)}"
    again = {**vars(made), **(made.__pydantic_extra__ or {})}
    for name, one in given.items():
        if name not in again:
            return f"{kind.__name__} has no {name}; {nearest(name, kind.model_fields)}"
        if not (again[name] is one or again[name] == one or spell(again[name]) == spell(one)):
            return f"{kind.__name__}.{name}: expected {_shown(again[name])}, got {_shown(one)}"
    return ""


def _shown(value: Any) -> str:
    return cut(redact(spell(value)))
