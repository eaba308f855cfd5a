"""Kinds of rules: functions that find violations of an article of the constitution.

Each rule has a sample that violates it, with which `python -m guardrails prove` shows that the rule
can fail in the checked project.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from guardrails.project import Project, matches, read_text
from guardrails.source import Module

Finding = tuple[int, str]
"""A line, and the problem in it."""
NamedFinding = tuple[str, str]
"""The name of an operation or a table, and the problem with it."""


@dataclass(frozen=True)
class Violation:
    """Place in the project that violates a rule."""

    rule: "Rule"
    path: str
    """Path of the file, or the name of an operation or a table that is defined in no known file."""
    line: int
    message: str

    def sort_key(self) -> tuple[int, str, str, int]:
        return self.rule.article, self.rule.name, self.path, self.line

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else self.message


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that an article of the constitution states."""

    name: str
    article: int
    find: Callable[..., Iterator[Any]]
    """Function that yields findings. Its first argument is what the rule checks."""
    sample: str | Callable[[Project], str]
    """Code or text that violates the rule."""
    needs: tuple[str, ...] = ()
    """Keys of the configuration without which the rule is off."""

    def missing(self, project: Project) -> str:
        """Return the first missing key of the configuration, or an empty string."""
        return next((key for key in self.needs if not project.word(key)), "")

    def sample_for(self, project: Project) -> str:
        return self.sample if isinstance(self.sample, str) else self.sample(project)


@dataclass(frozen=True, kw_only=True)
class FileRule(Rule, ABC):
    """A rule about files of one kind."""

    @abstractmethod
    def check(self, project: Project, paths: set[str] | None = None) -> Iterator[Violation]:
        """Yield the violations in the project, or in these files of it."""

    @abstractmethod
    def is_proved_in(self, project: Project) -> bool:
        """Return True if the rule reports its sample, which is added to a copy of some file."""


@dataclass(frozen=True, kw_only=True)
class SourceRule(FileRule):
    """A rule about Python files."""

    layers: tuple[str, ...] = ("package",)
    """Layers that the rule applies to."""
    new_file: str = ""
    """Name of the file that contains the sample. Default: any file."""

    def applies_to(self, path: str, project: Project) -> bool:
        is_in = any(project.is_in_layer(path, layer) for layer in self.layers)
        return is_in and not matches(path, project.allowed.get(self.name, ()))

    def check(self, project: Project, paths: set[str] | None = None) -> Iterator[Violation]:
        for module in project.modules:
            path = module.path
            if (paths is None or path in paths) and self.applies_to(path, project):
                for line, message in self.find(module):
                    yield Violation(self, path, line, message)

    def is_proved_in(self, project: Project) -> bool:
        sample = self.sample_for(project)
        for module in project.modules:
            folder = module.path.rpartition("/")[0]
            path = f"{folder}/{self.new_file}" if self.new_file else module.path
            source = "" if self.new_file else f"{module.source}\n"
            edited = replace(module, path=path, source=source + sample)
            if self.applies_to(path, project) and _finds_more(self.find, module, edited):
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class TextRule(FileRule):
    """A rule about files of any kind."""

    files: tuple[str, ...]
    """Keys of the configuration with the patterns of the files that the rule applies to."""
    place: str = r"\Z"
    """Regular expression of the text that the sample replaces. Default: the end of the file."""

    def paths(self, project: Project) -> Iterator[str]:
        patterns = (pattern for key in self.files for pattern in project.word(key))
        files = [file for pattern in patterns for file in sorted(project.root.glob(pattern))]
        for file in dict.fromkeys(files):
            path = file.relative_to(project.root).as_posix()
            is_text = file.is_file() and not file.is_symlink() and file.suffix != ".pyc"
            if is_text and not matches(path, project.allowed.get(self.name, ())):
                yield path

    def check(self, project: Project, paths: set[str] | None = None) -> Iterator[Violation]:
        for path in self.paths(project):
            if paths is None or path in paths:
                for line, message in self.find(read_text(project.root / path), project):
                    yield Violation(self, path, line, message)

    def is_proved_in(self, project: Project) -> bool:
        for path in self.paths(project):
            text = read_text(project.root / path)
            before, *after = re.split(self.place, text, maxsplit=1)
            if not after:
                continue
            edited = "".join((before, "\n", self.sample_for(project), *after))
            if _finds_more(lambda text: self.find(text, project), text, edited):
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class ApplicationRule(Rule):
    """A rule about a part of the application: its OpenAPI document, or its tables."""

    part: str
    """Key of the configuration with the import string of the part."""

    def missing(self, project: Project) -> str:
        return super().missing(project) or ("" if project.word(self.part) else self.part)

    def check_part(self, part: object, project: Project) -> Iterator[Violation]:
        for name, message in self.find(part, project):
            tag, _, defined = name.partition(" ")[0].rpartition("-")
            places = places_of_handlers_and_tables(project).get(defined, [])
            if len(places) > 1:
                places = [place for place in places if tag and tag in place[0]]
            path, line = places[0] if places else (name, 0)
            yield Violation(self, path, line, f"{name}: {message}")


def _finds_more(
    find: Callable[[Any], Iterator[Finding]], before: Module | str, after: Module | str
) -> bool:
    return len([*find(after)]) > len([*find(before)])


@cache
def places_of_handlers_and_tables(project: Project) -> dict[str, list[tuple[str, int]]]:
    """Return the paths and lines of handlers and tables by their names."""
    found: dict[str, list[tuple[str, int]]] = {}
    for module in project.package_modules:
        for handler, _ in module.handlers():
            found.setdefault(handler.name, []).append((module.path, handler.lineno))
        for match in re.finditer(r'__tablename__.*= *"(\w+)"', module.source):
            line = module.source.count("\n", 0, match.start()) + 1
            found.setdefault(match[1], []).append((module.path, line))
    return found
