"""Kinds of rules: functions that find violations of an article of the constitution.

Each rule has an edit of the real code that violates it, with which the tests prove that it can
fail.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

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
Part = TypeVar("Part")


@dataclass(frozen=True)
class Violation:
    rule: "Rule"
    location: str
    message: str

    def __str__(self) -> str:
        rule = self.rule
        return f"{self.location}: {self.message} (article {rule.article}; example: {rule.example})"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that an article of the constitution states."""

    name: str
    article: int
    see: str
    """An example of how to do it right: the name of a symbol, or a path if it is not Python."""
    edit: Edit | TextEdit | NewFile

    @property
    def example(self) -> str:
        """The path of the example, and its symbol."""
        return self.see if (ROOT / self.see).exists() else str(find(self.see))


@dataclass(frozen=True, kw_only=True)
class SourceRule(Rule):
    find: Callable[[Module], Iterator[Finding]]
    layers: tuple[str, ...] = ()
    """Layers that the rule applies to. If there are none, it applies to the whole package."""
    except_in: tuple[str, ...] = ()
    """Layers, and symbols whose files, the rule does not apply to."""
    outside: bool = False
    """True if a rule without layers also applies to the folders beside the package."""

    def applies_to(self, module: Module) -> bool:
        if module.layer in self.except_in or module.path in {
            find(symbol).path for symbol in self.except_in if symbol not in LAYERS
        }:
            return False
        if self.layers:
            return module.layer in self.layers
        return self.outside or module.layer not in OUTSIDE

    def check(self, module: Module) -> Iterator[Violation]:
        if self.applies_to(module):
            for line, message in self.find(module):
                yield Violation(self, f"{module.path}:{line}", message)


@dataclass(frozen=True, kw_only=True)
class TextRule(Rule):
    """A rule about files of any kind."""

    files: tuple[str, ...]
    """Patterns of the paths that the rule applies to, relative to the root of the project."""
    find: Callable[[str, Path], Iterator[Finding]]
    except_files: tuple[str, ...] = ()
    """Paths that the rule does not apply to."""

    def paths(self, root: Path) -> Iterator[str]:
        for file in (file for pattern in self.files for file in sorted(root.glob(pattern))):
            path = file.relative_to(root).as_posix()
            is_text = file.is_file() and not file.is_symlink() and file.suffix not in BINARY
            if is_text and path not in self.except_files:
                yield path

    def check(self, path: str, root: Path) -> Iterator[Violation]:
        for line, message in self.find((root / path).read_text(), root):
            yield Violation(self, f"{path}:{line}", message)


@dataclass(frozen=True, kw_only=True)
class ApplicationRule(Rule, Generic[Part]):
    """A rule about the OpenAPI document of the application, or about its tables."""

    find: Callable[[Part], Iterator[NamedFinding]]

    def check(self, part: Part) -> Iterator[Violation]:
        for name, message in self.find(part):
            defined = name.partition("-")[2].partition(" ")[0] or name
            line = lines_of_handlers_and_tables().get(defined, "")
            yield Violation(self, f"{line} {name}".strip(), message)


DocumentRule = ApplicationRule[Document]
TableRule = ApplicationRule[MetaData]
