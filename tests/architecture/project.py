"""Configuration of this project for `guardrails`, and the symbols that its code defines."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from guardrails.project import read_project

ROOT = Path(__file__).parents[2]
PROJECT = read_project(ROOT)


@dataclass(frozen=True)
class Definition:
    """The place where a symbol is defined."""

    path: str
    symbol: str
    """The symbol without the module that qualifies it."""

    @property
    def module(self) -> str:
        """The dotted name of the module, such as `app.core.clock`."""
        return self.path.removesuffix(".py").replace("/", ".")


@cache
def find(name: str) -> Definition:
    """Find a symbol of the package, such as `UserRepository.add`, by its name.

    A name that several modules define, or that is defined outside the package, is qualified by the
    end of its module's name: `problems:_violation`, `0001_*:upgrade`. Raise LookupError unless
    exactly one definition matches.
    """
    qualifier, _, symbol = name.rpartition(":")
    pattern = f"*/{qualifier}.py" if qualifier else f"{PROJECT.package}/*"
    found = [
        Definition(module.path, symbol)
        for module in PROJECT.modules
        if fnmatch(module.path, pattern)
        for _ in definitions(module.tree, symbol)
    ]
    if not found:
        raise LookupError(f"Nothing defines `{name}`: update the edits that refer to it.")
    if len(found) > 1:
        places = ", ".join(definition.path for definition in found)
        raise LookupError(f"`{name}` is defined several times: qualify it by a module ({places}).")
    return found[0]


def find_test(name: str) -> str:
    """Return the path of a test file, given the end of its path.

    Raise LookupError unless exactly one file matches.
    """
    found = [path.relative_to(ROOT).as_posix() for path in ROOT.glob(f"tests/**/{name}")]
    if len(found) != 1:
        raise LookupError(f"There must be one file `{name}` in the tests, but there are {found}.")
    return found[0]


def definitions(tree: ast.Module, symbol: str) -> list[ast.stmt]:
    """Return the statements that define a symbol, such as `User` or `User.is_active`."""
    return [node for name, node in _symbols(tree.body) if name == symbol]


def _symbols(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Return the name and the definition of each symbol, including the members of classes."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield f"{prefix}{name}", node
            case ast.ClassDef(name=name):
                yield f"{prefix}{name}", node
                yield from _symbols(node.body, f"{prefix}{name}.")
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield f"{prefix}{name}", node
