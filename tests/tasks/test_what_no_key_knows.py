"""Modules of the project that no key knows: by how they are made, nothing in them can change a result.

They are given what can't be changed, call nothing of the domain, keep nothing, and what they return goes
to the record alone. What resumes a training is not among them.
"""

import ast
import builtins
import typing
from inspect import isfunction
from pathlib import Path
from types import NoneType
from typing import Any

import pytest
from pydantic import BaseModel

import tasks
from seqstep.models.bundle import Spec
from stagecraft.mlflow import Record
from stagecraft.pipeline.stage import Stage
from tasks import metrics, recording

MODULES = [recording, metrics]
#: all that they call besides their own functions: none of it changes anything, but for the record
CALLS = {"isinstance", "round", "tuple", "Path", "np.full", "content_of", "evaluation_tags", "record.tag"}
OUTSIDE = {"collections", "numpy", "pathlib", "stagecraft", "types", "typing"}
TRAININGS = [tasks.train_mlp, tasks.train_rnn_scratch, tasks.train_rnn, *tasks.train_held_out.values()]


def tree(module: Any) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text("utf-8"))


def own(module: Any) -> dict[str, Any]:
    """What a module itself makes, by name."""
    return {
        name: each
        for name, each in vars(module).items()
        if getattr(each, "__module__", "") == module.__name__
    }


def root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def test_these_are_all_the_modules_of_the_project_that_are_left_out() -> None:
    (call,) = [
        part for part in ast.walk(tree(tasks)) if isinstance(part, ast.Call) and root(part.func) == "Codebase"
    ]
    (left_out,) = [ast.literal_eval(word.value) for word in call.keywords if word.arg == "leave_out"]
    assert set(left_out) == {module.__name__ for module in MODULES} | {"stagecraft", "secrecy"}


@pytest.mark.parametrize("module", MODULES)
def test_what_no_key_knows_calls_nothing_of_the_domain(module: Any) -> None:
    domain, outside = set(), set()
    for node in ast.walk(tree(module)):
        match node:
            case ast.Call(func=func):
                assert ast.unparse(func) in CALLS | own(module).keys()
            case ast.Attribute(ctx=ctx) | ast.Subscript(ctx=ctx):
                assert isinstance(ctx, ast.Load), f"{ast.unparse(node)} is set"
            case (
                ast.Global()
                | ast.Nonlocal()
                | ast.NamedExpr()
                | ast.AugAssign()
                | ast.ClassDef(decorator_list=[_, *_])
            ):
                pytest.fail(f"{ast.unparse(node)} keeps something")
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                where = getattr(node, "module", "") or names[0].name
                is_domain = where.partition(".")[0] in {"seqstep", "tasks"}
                (domain if is_domain else outside).update(name.asname or name.name for name in names)
                assert is_domain or where.partition(".")[0] in OUTSIDE
    assert not domain & {*dir(builtins), *CALLS}
    touched = [node for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute | ast.Subscript)]
    assert [ast.unparse(node) for node in touched if root(node) in domain] == []


@pytest.mark.parametrize("function", [each for each in own(recording).values() if isfunction(each)])
def test_what_no_key_knows_is_given_what_can_not_be_changed_and_returns_no_result(function: Any) -> None:
    hints = typing.get_type_hints(function)
    assert hints.pop("return") in (NoneType, recording.ModelPackage)
    assert {hint for hint in hints.values() if not is_fixed(hint)} <= {Record}


def is_fixed(hint: Any) -> bool:
    return hint is str or (issubclass(hint, BaseModel) and hint.model_config.get("frozen") is True)


def test_a_model_that_may_be_handed_there_can_not_be_changed() -> None:
    assert all(kind.model_config.get("frozen") for kind in [Spec, *Spec.__subclasses__()])


def test_what_a_model_is_packaged_with_goes_to_the_record_alone() -> None:
    sources = {path.name: path.read_text("utf-8") for path in Path(tasks.__path__[0]).glob("*.py")}
    assert [name for name, text in sources.items() if "recording.package(" in text] == ["training.py"]
    (user,) = [
        part for part in ast.parse(sources["training.py"]).body if "recording.package(" in ast.unparse(part)
    ]
    (logged,) = [
        part
        for part in ast.walk(user)
        if isinstance(part, ast.Call) and ast.unparse(part.func) == "record.log_model"
    ]
    names = [
        part
        for part in ast.walk(user)
        if isinstance(part, ast.Name) and part.id in recording.ModelPackage._fields
    ]
    assert {part for part in names if isinstance(part.ctx, ast.Load)} <= {*logged.args}


@pytest.mark.parametrize("stage", TRAININGS, ids=lambda stage: stage.name)
def test_what_resumes_a_training_is_part_of_its_key(stage: Stage) -> None:
    training = "seqstep.training"
    assert {
        "tasks.resuming.follow",
        f"{training}.resumable.ResumableTraining.load",
        f"{training}.resumable.ResumableTraining.save",
        f"{training}.resumable.ResumableTraining._restore_more",
        f"{training}.checkpoint.collect_state",
        f"{training}.checkpoint.restore_state",
        f"{training}.checkpoint.read_checkpoint",
        f"{training}.checkpoint.write_checkpoint",
        "stagecraft.cache.checkpoints",
    } <= stage.definitions.keys()
    # The networks for unseen text are trained by torch's own optimizers, whose version counts.
    ends = (".load_state_dict", "HeldOutTraining._restore_more")
    assert [name for name in stage.reach.definitions if name.endswith(ends)] != []
