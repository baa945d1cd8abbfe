"""What commands share: documents, and options that are given once."""

import json

import pytest

from stagecraft.cli.command import documents_alone, print_json


def test_a_document_stands_alone_whatever_else_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with documents_alone():
        print("a stage at work")  # noqa: T201
        print_json({"figure": float("inf")})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"figure": None} and err == "a stage at work\n"
    print_json([])
    assert capsys.readouterr().out == "[]\n"
