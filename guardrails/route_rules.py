"""Rules about handlers: the functions that a router calls."""

import ast
from collections.abc import Iterator

from tests.architecture.edits import Edit, prepend, remove_docstring, set_field
from tests.architecture.rules import Finding, SourceRule
from tests.architecture.source import Module, handlers

MAX_STATEMENTS = 4
"""Maximum number of statements of a handler: parse, call a service, set a header, return."""
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.Match, ast.BoolOp, ast.Compare)


def find_synchronous_handlers(module: Module) -> Iterator[Finding]:
    for function in handlers(module):
        if not isinstance(function, ast.AsyncFunctionDef):
            yield (
                function.lineno,
                f"handler `{function.name}` must be `async`, or it takes a thread",
            )
        if function.returns is None:
            yield function.lineno, f"handler `{function.name}` has no return annotation"


def find_logic_in_handlers(module: Module) -> Iterator[Finding]:
    for function in handlers(module):
        statements = [statement for statement in function.body if not _is_docstring(statement)]
        if len(statements) > MAX_STATEMENTS:
            length = f"{len(statements)} statements, {MAX_STATEMENTS} at most"
            yield function.lineno, f"handler `{function.name}` has {length}"
        for statement in statements:
            for node in ast.walk(statement):
                if isinstance(node, BRANCHES):
                    yield node.lineno, f"handler `{function.name}` branches: decide in a service"


def find_undocumented_handlers(module: Module) -> Iterator[Finding]:
    for function in handlers(module):
        if not ast.get_docstring(function):
            yield (
                function.lineno,
                f"handler `{function.name}` has no docstring for the API documentation",
            )


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


RULES = [
    SourceRule(
        name="asynchronous handlers",
        article=10,
        see="read_user",
        layers=("router", "http"),
        find=find_synchronous_handlers,
        edit=Edit("check_liveness", set_field("returns", None)),
    ),
    SourceRule(
        name="handlers without logic",
        article=11,
        see="register_user",
        layers=("router", "http"),
        find=find_logic_in_handlers,
        edit=Edit("read_current_user", prepend("if user.role == 'admin':\n    return user")),
    ),
    SourceRule(
        name="documented handlers",
        article=12,
        see="list_users",
        layers=("router", "http"),
        find=find_undocumented_handlers,
        edit=Edit("read_current_user", remove_docstring),
    ),
]
