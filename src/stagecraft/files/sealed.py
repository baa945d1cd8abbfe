"""JSON documents that carry a digest of themselves, so that whatever bit of them flips is seen.

It is the last field, so that whoever reads JSON reads on. One of the version before has none. Who reads one
refuses fields that he does not know: so no flipped bit makes a sealed document look like one without.
"""

import hashlib
import json
import re
from typing import Any

_SEALED = re.compile(rb'(.*),"seal":"([0-9a-f]{64})"}', re.DOTALL)


def seal(document: bytes) -> bytes:
    """Put its digest into a document, which is an object with at least one field."""
    return b'%b,"seal":"%b"}' % (document[:-1], _digest(document))


def is_sealed(content: bytes) -> bool:
    """Tell whether a document carries a digest."""
    return bool(_SEALED.fullmatch(content))


def unseal(content: bytes) -> bytes:
    """Take its digest out of a document; one without is as it was.

    Raises:
        ValueError: it is not what its digest says.
    """
    match = _SEALED.fullmatch(content)
    if match is None:
        return content
    document = match[1] + b"}"
    if _digest(document) != match[2]:
        raise ValueError("it is not what its own digest says")
    return document


def fields(content: bytes, *names: str) -> dict[str, Any]:
    """Read the fields of a document, sealed or of the version before.

    Raises:
        ValueError: it is not what its digest says, or has other fields.
    """
    try:
        document = json.loads(unseal(content))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(document, dict) or document.keys() != set(names):
        raise ValueError(f"expected the fields {', '.join(names)}")
    return document


def _digest(document: bytes) -> bytes:
    return hashlib.sha256(document).hexdigest().encode()
