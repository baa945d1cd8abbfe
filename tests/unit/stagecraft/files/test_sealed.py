"""Documents that carry a digest of themselves: no bit of one flips unseen."""

import json

import pytest

from stagecraft.files.sealed import fields, is_sealed, seal, unseal
from tests.flips import flips

DOCUMENT = json.dumps({"figure": "12.5 in all", "sha256": "ab" * 32, "used": {"seal": "7"}}).encode()
NAMES = ("figure", "sha256", "used")


def test_a_sealed_document_is_read_as_it_was_by_whoever_reads_json() -> None:
    sealed = seal(DOCUMENT)
    assert is_sealed(sealed) and unseal(sealed) == DOCUMENT
    assert fields(sealed, *NAMES) == json.loads(DOCUMENT)
    assert json.loads(sealed).items() > json.loads(DOCUMENT).items()


def test_one_of_the_version_before_is_as_it_was() -> None:
    for document in (DOCUMENT, b'{"used":{},"seal":"mine"}', b"", b"not json"):
        assert not is_sealed(document) and unseal(document) == document
    assert fields(DOCUMENT, *NAMES) == json.loads(DOCUMENT)


def test_no_bit_flips_unseen() -> None:
    for damaged in flips(seal(DOCUMENT)):
        with pytest.raises(ValueError):
            fields(damaged, *NAMES)


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'"figure"', b"{}", b'{"figure": 1}', b"\xff"])
def test_what_has_other_fields_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        fields(content, *NAMES)
