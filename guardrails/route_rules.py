"""Rules about handlers: the functions that a router calls."""

import ast
from collections.abc import Iterator
from typing import Any

from guardrails.rules import Finding, SourceRule
from guardrails.source import Module

BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.Match, ast.BoolOp)
TYPES = {"response_model", "response_class"}
"""Keywords of a route that say what it returns, as an annotation does."""

DOCUMENTED = {"description", "include_in_schema"}
"""Keywords of a route that replace the docstring, or that hide it."""


def find_synchronous_handlers(module: Module) -> Iterator[Finding]:
    for function, keywords in module.handlers():
        if not isinstance(function, ast.AsyncFunctionDef):
            message = f"handler `{function.name}` must be `async`, or it takes a thread"
            yield function.lineno, message
        if function.returns is None and not keywords & TYPES:
            yield function.lineno, f"handler `{function.name}` has no return annotation"


def find_logic_in_handlers(module: Module) -> Iterator[Finding]:
    most = module.project.max_statements_of_handler
    for function, _ in module.handlers():
        statements = function.body[ast.get_docstring(function) is not None :]
        if len(statements) > most:
            length = f"{len(statements)} statements, {most} at most"
            yield function.lineno, f"handler `{function.name}` has {length}"
        nodes: list[Any] = [node for statement in statements for node in ast.walk(statement)]
        for line in sorted({node.lineno for node in nodes if _branches(node)}):
            yield line, f"handler `{function.name}` branches: decide in a service"


def find_undocumented_handlers(module: Module) -> Iterator[Finding]:
    for function, keywords in module.handlers():
        if not ast.get_docstring(function) and not keywords & DOCUMENTED:
            message = f"handler `{function.name}` has no docstring for the API documentation"
            yield function.lineno, message


def _branches(node: Any) -> bool:
    """Return True for a branch, but not for a default such as `or {}`."""
    match node:
        case ast.BoolOp(values=[*_, ast.Constant() | ast.Dict() | ast.List() | ast.Tuple()]):
            return False
    return isinstance(node, BRANCHES)


SAMPLE = """
@router.get("/sample")
def read_sample():
    if sample:
        return 1
"""
RULES = [
    SourceRule(
        name="asynchronous handlers", article=10, find=find_synchronous_handlers, sample=SAMPLE
    ),
    SourceRule(
        name="handlers without logic", article=11, find=find_logic_in_handlers, sample=SAMPLE
    ),
    SourceRule(
        name="documented handlers", article=12, find=find_undocumented_handlers, sample=SAMPLE
    ),
]
