"""What the head of a definition says: its parameters and its description."""

import ast
import inspect
from collections.abc import Iterator
from inspect import Parameter

from stagecraft.code.nodes import Function, spelled, text_of, with_defaults


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> inspect.Signature:
    """Read a function's parameters from its syntax.

    Returns:
        annotations as strings; a default that is no literal is `...`.
    """
    returns = _hint(node.returns) if node.returns else inspect.Signature.empty
    return inspect.Signature(list(_parameters(node)), return_annotation=returns)


def docstring(node: ast.AST) -> str:
    """Return a definition's docstring, or nothing."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return ""
    return ast.get_docstring(node) or ""


def description(node: ast.AST) -> str:
    """Return the first line of a definition's docstring, or nothing."""
    return next(iter(docstring(node).splitlines()), "")


def literal(node: ast.expr) -> object:
    """Return what an expression literally is; `...` if it is code."""
    try:
        return ast.literal_eval(node)
    except (TypeError, ValueError):
        return ...


def _parameters(node: Function) -> Iterator[Parameter]:
    """List the parameters of a function, in order."""
    args, defaults = node.args, dict(with_defaults(node.args))
    for kind, several in (
        (Parameter.POSITIONAL_ONLY, args.posonlyargs),
        (Parameter.POSITIONAL_OR_KEYWORD, args.args),
        (Parameter.VAR_POSITIONAL, [args.vararg]),
        (Parameter.KEYWORD_ONLY, args.kwonlyargs),
        (Parameter.VAR_KEYWORD, [args.kwarg]),
    ):
        yield from (_parameter(arg, kind, defaults.get(arg)) for arg in several if arg)


def _parameter(arg: ast.arg, kind: inspect._ParameterKind, default: ast.expr | None) -> Parameter:
    hint = _hint(arg.annotation) if arg.annotation else Parameter.empty
    return Parameter(arg.arg, kind, annotation=hint, default=literal(default) if default else Parameter.empty)


def _hint(annotation: ast.expr) -> str:
    return text_of(annotation) or spelled(annotation)
