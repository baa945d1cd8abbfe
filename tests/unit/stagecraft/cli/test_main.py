"""What a program says of errors that nobody raised on purpose."""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from pydantic import BaseModel, model_serializer

from stagecraft.cache import sessions
from stagecraft.cli import interruption
from stagecraft.cli.command import Command
from stagecraft.cli.main import CommandLine, _close_runs, run_command
from stagecraft.cli.workplace import Workplace
from stagecraft.errors import ProjectError
from stagecraft.names import Names


@pytest.mark.parametrize("statement", ["from colorsys import rgb_to_hls", "colorsys.rgb_to_hls", "wrapped"])
def test_a_file_in_the_way_of_a_librarys_module_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], statement: str
) -> None:
    (tmp_path / "colorsys.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)

    def execute(_args: argparse.Namespace, _workplace: Workplace) -> int:
        names = {"colorsys": importlib.import_module("colorsys")}
        try:
            exec("from colorsys import rgb_to_hls" if statement == "wrapped" else statement, names)
        except ImportError as error:
            if statement == "wrapped":
                raise ProjectError("expected a Project") from error
            raise
        return 0

    command = Command("go", "Go.", [], lambda _parser: None, execute, needs_home=False)
    assert run_command(CommandLine(Names("works"), "Works.", [command]), ["go"]) == 2
    monkeypatch.delitem(sys.modules, "colorsys")
    said = capsys.readouterr().err
    assert said.startswith("works: expected the module colorsys of ") and said.endswith("another name\n")
    assert f"got {tmp_path / 'colorsys.py'}, which stands in its way (" in said


def test_an_error_that_nothing_stands_behind_is_called_unexpected(capsys: pytest.CaptureFixture[str]) -> None:
    def execute(_args: argparse.Namespace, _workplace: Workplace) -> int:
        raise AttributeError("no such thing")

    command = Command("go", "Go.", [], lambda _parser: None, execute, needs_home=False)
    assert run_command(CommandLine(Names("works"), "Works.", [command]), ["go"]) == 1
    said = capsys.readouterr().err
    assert said == "works: unexpected AttributeError: no such thing (--debug shows where)\n"


class Interrupted(BaseModel):
    @model_serializer
    def written(self) -> str:
        interruption._interrupt()
        return ""


@pytest.mark.parametrize("write", [Interrupted.model_dump, Interrupted.model_dump_json])
def test_an_interruption_that_a_library_has_wrapped_is_one(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    write: Callable[[Interrupted], object],
) -> None:
    monkeypatch.setattr(interruption, "_interrupted", Event())

    def execute(_args: argparse.Namespace, _workplace: Workplace) -> int:
        return bool(write(Interrupted()))

    command = Command("go", "Go.", [], lambda _parser: None, execute, needs_home=False)
    assert run_command(CommandLine(Names("works"), "Works.", [command]), ["go"]) == 130
    assert capsys.readouterr().err == "works: interrupted; what was finished is kept\n"


def test_what_can_not_be_closed_at_the_end_is_left_to_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sessions, "give_up_all")  # as where a signal broke an import off
    _close_runs(Names("works"))
