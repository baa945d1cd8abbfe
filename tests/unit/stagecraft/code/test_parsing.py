"""Syntax is read by one thread at a time, and again if a library's thread came in between."""

import ast
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stagecraft.code.parsing import parse


def test_it_parses_as_the_standard_library_does() -> None:
    assert ast.dump(parse("x = 1")) == ast.dump(ast.parse("x = 1"))
    assert ast.dump(parse(b"a.b", mode="eval")) == ast.dump(ast.parse("a.b", mode="eval"))
    with pytest.raises(SyntaxError) as caught:
        parse("x =", "file.py")
    assert caught.value.filename == "file.py"


def test_threads_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, original = threading.Lock(), ast.parse

    def watched(*args: Any) -> ast.AST:
        assert alone.acquire(blocking=False)
        time.sleep(0.002)
        alone.release()
        return original(*args)

    monkeypatch.setattr(ast, "parse", watched)
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(parse, ["x = 1"] * 12))) == 12


def test_what_failed_because_another_thread_was_parsing_is_parsed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original, answers = ast.parse, iter([SystemError("AST constructor recursion depth mismatch"), None])

    def interrupted(*args: Any) -> ast.AST:
        if error := next(answers):
            raise error
        return original(*args)

    monkeypatch.setattr(ast, "parse", interrupted)
    assert ast.dump(parse("x = 1")) == ast.dump(original("x = 1"))
