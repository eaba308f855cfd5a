"""Rules about the sizes of files and functions."""

import ast
from collections.abc import Iterator

from tests.architecture.edits import Edit, prepend
from tests.architecture.rules import Finding, SourceRule
from tests.architecture.source import Module

MAX_LINES_OF_FILE = 250
MAX_LINES_OF_FUNCTION = 25


def find_large_files(module: Module) -> Iterator[Finding]:
    length = len(module.source.splitlines())
    if length > MAX_LINES_OF_FILE:
        message = f"the file has {length} lines, {MAX_LINES_OF_FILE} at most: split it by subject"
        yield MAX_LINES_OF_FILE + 1, message


def find_large_functions(module: Module) -> Iterator[Finding]:
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        statements = function.body[ast.get_docstring(function) is not None :]
        length = function.end_lineno - statements[0].lineno + 1 if statements else 0
        if length > MAX_LINES_OF_FUNCTION:
            message = f"{length} lines after its signature and docstring, {MAX_LINES_OF_FUNCTION}"
            yield function.lineno, f"`{function.name}` has {message} at most: split it"


RULES = [
    SourceRule(
        name="small files",
        article=49,
        see="UserRepository",
        find=find_large_files,
        edit=Edit("EmailTaken", prepend("...\n" * MAX_LINES_OF_FILE)),
    ),
    SourceRule(
        name="small functions",
        article=49,
        see="UserRepository",
        find=find_large_functions,
        edit=Edit("AccountService.get", prepend("...\n" * MAX_LINES_OF_FUNCTION)),
    ),
]
