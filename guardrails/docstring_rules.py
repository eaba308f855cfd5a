"""Rules about docstrings that ruff cannot check, because it does not know all verbs."""

import ast
from collections.abc import Iterator
from typing import Any

from tests.architecture.edits import Change, Edit
from tests.architecture.rules import Finding, SourceRule
from tests.architecture.source import Module

VERBS = (
    *("Add", "Apply", "Call", "Change", "Check", "Claim", "Close", "Commit", "Compare", "Connect"),
    *("Consume", "Copy", "Count", "Create", "Deactivate", "Delete", "Disable", "Drop", "End"),
    *("Exchange", "Execute", "Exit", "Export", "Find", "Format", "Handle", "Ignore", "Import"),
    *("Kill", "Limit", "List", "Lock", "Log", "Mail", "Mark", "Measure", "Migrate", "Open"),
    *("Operate", "Parse", "Print", "Process", "Raise", "Read", "Record", "Redirect", "Refresh"),
    *("Register", "Remove", "Rename", "Replace", "Respond", "Restore", "Restrict", "Resume"),
    *("Return", "Roll", "Run", "Schedule", "Send", "Serve", "Set", "Start", "Stop", "Store"),
    *("Suspend", "Take", "Use", "Verify", "Wait", "Write", "Yield"),
)
"""First words of the docstrings of functions, sorted. Add a verb only if none of these fits."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
QUESTIONS = {"how", "of", "that", "those", "what", "when", "where", "whether", "which", "who"}
"""First words of a docstring that does not name its subject."""


def find_other_docstrings(module: Module) -> Iterator[Finding]:
    for function in module.nodes(*FUNCTIONS):
        word = _first_word(ast.get_docstring(function, clean=False))
        is_other = _is_property(function) or _is_test(module, function)
        if word and word not in VERBS and not is_other:
            message = f"begins with `{word}`: use a verb of `VERBS` in docstring_rules.py"
            yield function.lineno, f"the docstring of `{function.name}` {message}"
    for line, docstring in _descriptions(module):
        word = _first_word(docstring)
        if word.lower() in QUESTIONS:
            yield line, f"the docstring begins with `{word}`: name its subject"


def _descriptions(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the docstring of the module, its classes, attributes and properties."""
    for owner in module.nodes(ast.Module, ast.ClassDef, *FUNCTIONS):
        is_documented = not isinstance(owner, FUNCTIONS) or _is_property(owner)
        for node in owner.body:
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))) if is_documented:
                    yield node.lineno, text
            is_documented = isinstance(node, ast.Assign | ast.AnnAssign)


def _first_word(docstring: str | None) -> str:
    words = (docstring or "").split()
    return words[0].strip(".,:;`") if words else ""


def _is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = map(ast.unparse, function.decorator_list)
    return any(decorator.endswith("property") for decorator in decorators)


def _is_test(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return module.layer in ("tests", "faults") and function.name.startswith("test_")


def set_docstring(text: str) -> Change:
    def change(node: Any) -> None:
        node.body[0].value.value = text

    return change


RULES = [
    SourceRule(
        name="imperative docstrings",
        article=50,
        see="Repository",
        outside=True,
        find=find_other_docstrings,
        edit=Edit("UserRepository.add", set_docstring("Whether the user is stored.")),
    ),
]
