"""What a check is: a function that finds what breaks an article of the constitution.

Each brings a sample that breaks it and one that does not, and an edit of the real code that breaks
it, so that nobody has to believe that it can fail.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

PACKAGE = "app"
"""The one place that says which package is checked."""

BINARY = (".pyc", ".png")
OUTSIDE = ("tests", "faults", "migrations")
"""Folders beside the package."""

ROOT = Path(__file__).parents[2]

Document = dict[str, Any]
"""An OpenAPI document."""


@dataclass(frozen=True)
class Module:
    """A file of Python."""

    path: str
    """From the root of the project."""
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """What it says."""
        return ast.parse(self.source)

    @property
    def layer(self) -> str:
        """The folder of the package, or beside it, in which it stands."""
        top, layer, *_ = self.path.split("/")
        return layer.removesuffix(".py") if top == PACKAGE else top

    @cached_property
    def imports(self) -> dict[str, str]:
        """What the imported names stand for, such as `datetime.datetime`."""
        names: dict[str, str] = {}
        for node in self.nodes(ast.Import, ast.ImportFrom):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                local = alias.asname or (alias.name if prefix else alias.name.partition(".")[0])
                names[local] = f"{prefix}{alias.name}" if prefix or alias.asname else local
        return names

    def qualified(self, node: ast.AST) -> str:
        """What a name or an attribute is called where it comes from; empty if it is no name."""
        if isinstance(node, ast.Attribute):
            owner = self.qualified(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self.imports.get(node.id, "") if isinstance(node, ast.Name) else ""

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[Any]:
        """All nodes of these kinds."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))


@dataclass(frozen=True)
class Edit:
    """What has to be replaced where, so that the real code breaks a rule."""

    path: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Break the code under this root."""
        file = root / self.path
        source = file.read_text()
        if self.old not in source:
            raise ValueError(f"{self.path} has no {self.old!r} any more: choose another edit")
        file.write_text(source.replace(self.old, self.new, 1))


@dataclass(frozen=True)
class Violation:
    """Something that breaks an article, and where the right form stands."""

    article: int
    place: str
    message: str
    see: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} (article {self.article}; right form: {self.see})"


Place = tuple[int, str]
"""A line, and what is wrong there."""


@dataclass(frozen=True)
class SourceRule:
    """A rule about files of some layers."""

    name: str
    article: int
    see: str
    layers: tuple[str, ...]
    find: Callable[[Module], Iterator[Place]]
    edit: Edit
    bad: str
    good: str
    but: tuple[str, ...] = field(default=())
    """Files of the package that may do it: the owners."""

    def check(self, module: Module) -> Iterator[Violation]:
        """What breaks the rule in the file."""
        everywhere = not self.layers and module.layer not in OUTSIDE
        if module.path in {f"{PACKAGE}/{path}" for path in self.but} or not (
            everywhere or module.layer in self.layers
        ):
            return
        for line, message in self.find(module):
            yield Violation(self.article, f"{module.path}:{line}", message, self.see)


@dataclass(frozen=True)
class TextRule:
    """A rule about files of any kind."""

    name: str
    article: int
    see: str
    files: tuple[str, ...]
    """Patterns of those that it is about, from the root of the project."""
    find: Callable[[str, Path], Iterator[Place]]
    edit: Edit
    bad: str
    good: str

    def paths(self, root: Path) -> Iterator[str]:
        """The files that it is about, under this root."""
        for file in (file for pattern in self.files for file in sorted(root.glob(pattern))):
            if file.is_file() and file.suffix not in BINARY:
                yield file.relative_to(root).as_posix()

    def check(self, path: str, root: Path) -> Iterator[Violation]:
        """What breaks the rule in the text at the path."""
        for line, message in self.find((root / path).read_text(), root):
            yield Violation(self.article, f"{path}:{line}", message, self.see)


@dataclass(frozen=True)
class DocumentRule:
    """A rule about the API, as its OpenAPI document tells."""

    name: str
    article: int
    see: str
    find: Callable[[Document], Iterator[tuple[str, str]]]
    edit: Edit
    bad: Document
    good: Document

    def check(self, document: Document) -> Iterator[Violation]:
        """What breaks the rule in the document."""
        for operation, message in self.find(document):
            handler = operation.partition("-")[2].partition(" ")[0]
            place = f"{definitions().get(handler, '')} {operation}".strip()
            yield Violation(self.article, place, message, self.see)


@dataclass(frozen=True)
class TableRule:
    """A rule about the tables, as the models declare them."""

    name: str
    article: int
    see: str
    find: Callable[[MetaData], Iterator[tuple[str, str]]]
    """What is wrong in which table."""
    edit: Edit
    bad: MetaData
    good: MetaData

    def check(self, tables: MetaData) -> Iterator[Violation]:
        """What breaks the rule in the tables."""
        for table, message in self.find(tables):
            yield Violation(self.article, definitions().get(table, table), message, self.see)


Rule = SourceRule | TextRule | DocumentRule | TableRule


def modules(root: Path = ROOT) -> list[Module]:
    """The files of the package, and of the folders beside it."""
    return [
        Module(path.relative_to(root).as_posix(), path.read_text())
        for folder in (PACKAGE, *OUTSIDE)
        for path in sorted((root / folder).rglob("*.py"))
    ]


@cache
def definitions() -> dict[str, str]:
    """The path and the line of each handler, by its name, and of each table, by its own."""
    found = {}
    for module in modules():
        if module.layer == "routers":
            for function in module.nodes(ast.AsyncFunctionDef):
                found[function.name] = f"{module.path}:{function.lineno}"
        elif module.layer == "models":
            for assignment in module.nodes(ast.Assign):
                if ast.unparse(assignment.targets[0]) == "__tablename__":
                    found[assignment.value.value] = f"{module.path}:{assignment.lineno}"
    return found
