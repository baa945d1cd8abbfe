"""What the head of a definition says: its parameters and its description."""

import ast
import inspect
from collections.abc import Iterator
from inspect import Parameter

from stagecraft.code.nodes import Function, spelled, text_of


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> inspect.Signature:
    """Read a function's parameters from its syntax.

    Returns:
        annotations as strings; a default that is no literal is `...`.
    """
    returns = _hint(node.returns) if node.returns else inspect.Signature.empty
    return inspect.Signature(list(_parameters(node)), return_annotation=returns)


def description(node: ast.AST) -> str:
    """Return the first line of a definition's docstring, or nothing."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return ""
    return next(iter((ast.get_docstring(node) or "").splitlines()), "")


def _parameters(node: Function) -> Iterator[Parameter]:
    """List the parameters of a function, in order."""
    args = node.args
    places = [*args.posonlyargs, *args.args]
    required = [None] * (len(places) - len(args.defaults))
    for arg, default in zip(places, [*required, *args.defaults], strict=True):
        alone = arg in args.posonlyargs
        yield _parameter(
            arg, Parameter.POSITIONAL_ONLY if alone else Parameter.POSITIONAL_OR_KEYWORD, default
        )
    if args.vararg:
        yield _parameter(args.vararg, Parameter.VAR_POSITIONAL, None)
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _parameter(arg, Parameter.KEYWORD_ONLY, default)
    if args.kwarg:
        yield _parameter(args.kwarg, Parameter.VAR_KEYWORD, None)


def _parameter(arg: ast.arg, kind: inspect._ParameterKind, default: ast.expr | None) -> Parameter:
    hint = _hint(arg.annotation) if arg.annotation else Parameter.empty
    return Parameter(
        arg.arg, kind, annotation=hint, default=_literal(default) if default else Parameter.empty
    )


def _hint(annotation: ast.expr) -> str:
    return text_of(annotation) or spelled(annotation)


def _literal(default: ast.expr) -> object:
    try:
        return ast.literal_eval(default)
    except ValueError:
        return ...
