"""Rules about docstrings that ruff cannot check, because it does not know all verbs."""

import ast
from collections.abc import Iterator

from guardrails.rules import Finding, SourceRule
from guardrails.source import Module

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
QUESTIONS = {"how", "of", "that", "those", "what", "when", "where", "whether", "which", "who"}
"""First words of a docstring that does not name its subject."""
NO_VERBS = QUESTIONS | {"a", "all", "an", "any", "each", "helper", "it", "the", "these", "this"}
"""First words of a docstring that does not begin with a verb."""
THIRD_PERSON = {
    *("adds", "builds", "calculates", "calls", "checks", "creates", "deletes", "determines"),
    *("enqueues", "ensures", "fetches", "finds", "generates", "gets", "handles", "raises"),
    *("reads", "removes", "retrieves", "returns", "runs", "sends", "sets", "updates", "validates"),
}


def find_other_docstrings(module: Module) -> Iterator[Finding]:
    for function in module.functions():
        word = _first_word(ast.get_docstring(function, clean=False))
        is_other = _is_property(function) or _is_test(module, function)
        if word and not is_other and not _is_imperative(word, module.project.verbs):
            message = "use a verb in the imperative"
            yield (
                function.lineno,
                f"the docstring of `{function.name}` begins with `{word}`: {message}",
            )
    for line, docstring in _descriptions(module):
        word = _first_word(docstring)
        if word.lower() in QUESTIONS:
            yield line, f"the docstring begins with `{word}`: name its subject"


def _is_imperative(word: str, verbs: tuple[str, ...]) -> bool:
    return word in verbs if verbs else word.lower() not in NO_VERBS | THIRD_PERSON


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
    return module.project.is_in_layer(module.path, "tests") and function.name.startswith("test_")


RULES = [
    SourceRule(
        name="imperative docstrings",
        article=50,
        layers=("everywhere",),
        find=find_other_docstrings,
        sample='def is_stored():\n    """Whether the user is stored."""',
    ),
]
