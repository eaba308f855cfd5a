"""Rules about the sizes of files and functions."""

import ast
from collections.abc import Iterator

from guardrails.rules import Finding, SourceRule
from guardrails.source import Module


def find_large_files(module: Module) -> Iterator[Finding]:
    length, most = len(module.source.splitlines()), module.project.max_lines_of_file
    if length > most:
        yield most + 1, f"the file has {length} lines, {most} at most: split it by subject"


def find_large_functions(module: Module) -> Iterator[Finding]:
    most = module.project.max_lines_of_function
    for function in module.functions():
        statements = function.body[ast.get_docstring(function) is not None :]
        end = function.end_lineno or 0
        length = end - statements[0].lineno + 1 if statements else 0
        if length > most:
            message = f"{length} lines after its signature and docstring, {most} at most: split it"
            yield function.lineno, f"`{function.name}` has {message}"


RULES = [
    SourceRule(
        name="small files",
        article=49,
        find=find_large_files,
        sample=lambda project: "...\n" * (project.max_lines_of_file + 1),
        new_file="sample.py",
    ),
    SourceRule(
        name="small functions",
        article=49,
        find=find_large_functions,
        sample=lambda project: "def f():\n" + "    ...\n" * (project.max_lines_of_function + 1),
    ),
]
