"""Kinds of rules: functions that find violations of an article of the constitution.

Each rule has a sample that violates it, a sample that does not, and an edit of the real code that
violates it. The tests use them to prove that every rule can fail.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from tests.architecture.edits import Edit, NewFile, TextEdit
from tests.architecture.project import LAYERS, OUTSIDE, ROOT
from tests.architecture.source import Module, find, lines_of_handlers_and_tables

BINARY = (".pyc", ".png")

Document = dict[str, Any]
"""An OpenAPI document."""
Finding = tuple[int, str]
"""A line, and the problem in it."""
NamedFinding = tuple[str, str]
"""The name of an operation or a table, and the problem with it."""


@dataclass(frozen=True)
class Violation:
    """A violation of an article, and an example of how to do it right."""

    article: int
    location: str
    message: str
    example: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message} (article {self.article}; example: {self.example})"


@dataclass(frozen=True)
class _Rule:
    name: str
    article: int
    see: str
    """An example of how to do it right: the name of a symbol, or a path if it is not Python."""

    @property
    def example(self) -> str:
        """The path of the example, and its symbol."""
        return self.see if (ROOT / self.see).exists() else str(find(self.see))

    def violation(self, location: str, message: str) -> Violation:
        """Return a violation of this rule."""
        return Violation(self.article, location, message, self.example)


@dataclass(frozen=True)
class SourceRule(_Rule):
    """A rule about Python files."""

    layers: tuple[str, ...]
    """Layers that the rule applies to. If there are none, it applies to the whole package."""
    find: Callable[[Module], Iterator[Finding]]
    edit: Edit | NewFile
    bad: str | Module
    """Source that violates the rule, with its path if the rule depends on it."""
    good: str | Module
    except_in: tuple[str, ...] = field(default=())
    """Layers, and symbols whose files, the rule does not apply to."""
    outside: bool = False
    """True if a rule without layers also applies to the folders beside the package."""

    def applies_to(self, module: Module) -> bool:
        """Return True if the file must not violate the rule."""
        if module.layer in self.except_in or module.path in {
            find(symbol).path for symbol in self.except_in if symbol not in LAYERS
        }:
            return False
        if self.layers:
            return module.layer in self.layers
        return self.outside or module.layer not in OUTSIDE

    def check(self, module: Module) -> Iterator[Violation]:
        """Return the violations in the file."""
        if self.applies_to(module):
            for line, message in self.find(module):
                yield self.violation(f"{module.path}:{line}", message)


@dataclass(frozen=True)
class TextRule(_Rule):
    """A rule about files of any kind."""

    files: tuple[str, ...]
    """Patterns of the paths that the rule applies to, relative to the root of the project."""
    find: Callable[[str, Path], Iterator[Finding]]
    edit: Edit | TextEdit
    bad: str
    good: str
    except_files: tuple[str, ...] = field(default=())
    """Paths that the rule does not apply to."""

    def paths(self, root: Path) -> Iterator[str]:
        """Return the paths of the files that the rule applies to."""
        for file in (file for pattern in self.files for file in sorted(root.glob(pattern))):
            path = file.relative_to(root).as_posix()
            is_text = file.is_file() and not file.is_symlink() and file.suffix not in BINARY
            if is_text and path not in self.except_files:
                yield path

    def check(self, path: str, root: Path) -> Iterator[Violation]:
        """Return the violations in the file at the path."""
        for line, message in self.find((root / path).read_text(), root):
            yield self.violation(f"{path}:{line}", message)


@dataclass(frozen=True)
class DocumentRule(_Rule):
    """A rule about the API as its OpenAPI document describes it."""

    find: Callable[[Document], Iterator[NamedFinding]]
    edit: Edit
    bad: Document
    good: Document

    def check(self, document: Document) -> Iterator[Violation]:
        """Return the violations in the document."""
        for operation, message in self.find(document):
            handler = operation.partition("-")[2].partition(" ")[0]
            line = lines_of_handlers_and_tables().get(handler, "")
            yield self.violation(f"{line} {operation}".strip(), message)


@dataclass(frozen=True)
class TableRule(_Rule):
    """A rule about the tables as the models declare them."""

    find: Callable[[MetaData], Iterator[NamedFinding]]
    edit: Edit
    bad: MetaData
    good: MetaData

    def check(self, tables: MetaData) -> Iterator[Violation]:
        """Return the violations in the tables."""
        for table, message in self.find(tables):
            yield self.violation(lines_of_handlers_and_tables().get(table, table), message)


Rule = SourceRule | TextRule | DocumentRule | TableRule
