"""Python files of the project, and the symbols that they define."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from tests.architecture.project import OUTSIDE, PACKAGE, PLATFORM, ROOT

ROUTE_METHODS = {"get", "post", "put", "patch", "delete"}


@dataclass(frozen=True)
class Module:
    path: str
    """Path relative to the root of the project."""
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def name(self) -> str:
        """The dotted name, such as `app.core.clock`."""
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def layer(self) -> str:
        """The layer of the file, or its top folder if it is outside the package.

        A file directly in the package is a layer of its own.
        """
        top, *folders, file = self.path.split("/")
        if top != PACKAGE:
            return top
        own = file.removesuffix(".py")
        return folders[0] if folders and folders[0] in PLATFORM else own

    @cached_property
    def imports(self) -> dict[str, str]:
        """The qualified name of each imported name, such as `datetime.datetime`."""
        names: dict[str, str] = {}
        for node in self.nodes(ast.Import, ast.ImportFrom):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                local = alias.asname or (alias.name if prefix else alias.name.partition(".")[0])
                names[local] = f"{prefix}{alias.name}" if prefix or alias.asname else local
        return names

    def qualified(self, node: ast.AST) -> str:
        """Return the qualified name of an imported name or attribute, otherwise an empty string."""
        if isinstance(node, ast.Attribute):
            owner = self.qualified(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self.imports.get(node.id, "") if isinstance(node, ast.Name) else ""

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        return (node for kind in kinds for node in self._nodes.get(kind, ()))

    @cached_property
    def _nodes(self) -> dict[type[ast.AST], list[ast.AST]]:
        """All nodes by their kind, because many rules search the same file."""
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in ast.walk(self.tree):
            found.setdefault(type(node), []).append(node)
        return found

    def definitions(self, symbol: str) -> list[ast.stmt]:
        """Return the statements that define a symbol, such as `User` or `User.is_active`."""
        return [node for name, node in _symbols(self.tree.body) if name == symbol]


@dataclass(frozen=True)
class Definition:
    """The place where a symbol is defined."""

    module: Module
    symbol: str
    """The symbol without the module that qualifies it."""

    @property
    def path(self) -> str:
        return self.module.path

    def __str__(self) -> str:
        return f"{self.path} `{self.symbol}`"


def modules(root: Path = ROOT) -> list[Module]:
    """Return the Python files of the package and of the folders beside it.

    Those of the project are read once. A copy at another root is read each time.
    """
    return _modules() if root == ROOT else _read_modules(root)


def _read_modules(root: Path) -> list[Module]:
    return [
        Module(path.relative_to(root).as_posix(), path.read_text())
        for folder in (PACKAGE, *OUTSIDE)
        for path in sorted((root / folder).rglob("*.py"))
    ]


@cache
def find(name: str) -> Definition:
    """Find a symbol of the package, such as `UserRepository.add`, by its name.

    A name that several modules define, or that is defined outside the package, is qualified by the
    end of its module's name: `problems:_violation`, `0001_*:upgrade`. Raise LookupError unless
    exactly one definition matches.
    """
    qualifier, _, symbol = name.rpartition(":")
    pattern = f"*.{qualifier}" if qualifier else f"{PACKAGE}.*"
    found = [
        Definition(module, symbol)
        for module in _modules()
        if fnmatch(module.name, pattern)
        for _ in module.definitions(symbol)
    ]
    if not found:
        raise LookupError(f"Nothing defines `{name}`: update the rules that refer to it.")
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


def handlers(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions that a router calls, by their decorators."""
    for function in module.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        for decorator in function.decorator_list:
            called = getattr(decorator, "func", None)
            if isinstance(called, ast.Attribute) and called.attr in ROUTE_METHODS:
                yield function


@cache
def lines_of_handlers_and_tables() -> dict[str, str]:
    """Return the path and line of each handler by its name, and of each table by its name."""
    found = {}
    for module in _modules():
        if module.name.startswith(f"{PACKAGE}."):
            for handler in handlers(module):
                found[handler.name] = f"{module.path}:{handler.lineno}"
            for assignment in module.nodes(ast.Assign):
                if ast.unparse(assignment.targets[0]) == "__tablename__":
                    found[assignment.value.value] = f"{module.path}:{assignment.lineno}"
    return found


@cache
def _modules() -> list[Module]:
    return _read_modules(ROOT)


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
