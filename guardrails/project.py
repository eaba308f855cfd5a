"""The checked project: its files, and its words from `[tool.guardrails]` in `pyproject.toml`."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from functools import cached_property
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from guardrails.source import Module

CLASS = re.compile(r"(?m)^ *class (\w+)(?:\[[^\]]*\])?\(([^)]*)\)")
LAYERS: Mapping[str, tuple[str, ...]] = {
    "services": ("*/service.py", "*/services.py", "*/services/*.py", "*/service/*.py"),
    "repositories": ("*/repository.py", "*/repositories/*.py", "*/queries.py"),
    "schemas": ("*/schemas.py", "*/schemas/*.py"),
    "tests": ("tests/*", "*/tests/*", "*/test_*.py", "*/conftest.py"),
    "migrations": ("migrations/versions/*", "*/migrations/versions/*", "*/alembic/versions/*"),
}
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "environment": ("*/config.py", "*/settings.py", "*/config/*.py", "*/settings/*.py"),
}
FILES = ("*.md", "*.toml", "*.yml", "*.yaml", "*.ini", ".env.example", "Dockerfile", "Makefile")


class ConfigurationError(Exception):
    """Raised if the rules cannot check the project as it is configured. The message is one line."""


@dataclass(frozen=True, eq=False)
class Project:
    """A project, with the words that the rules need. A rule whose words are missing is off.

    All patterns are those of `fnmatch`, for paths relative to the root, except the patterns of
    texts, which are those of `Path.glob`.
    """

    root: Path

    package: str = "app"
    """Folder of the checked package."""
    beside: tuple[str, ...] = ("tests", "migrations")
    """Folders with Python files beside the package."""
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of the files of a layer, by the names in `LAYERS`."""
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of the files that a rule does not apply to, by the name of the rule."""
    off: tuple[str, ...] = ()
    """Names of rules that are off."""
    baseline: str = "guardrails.json"
    """File with the recorded violations."""
    constitution: str = "constitution.md"
    """File with articles that replace those of the repository that contains this package."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """Examples of the right form, by the name of a rule. Default: those of its article."""

    application: str = ""
    """Import string of the application, of a function that creates it, or of its OpenAPI document."""
    tables: str = ""
    """Import string of the metadata of all tables, in a module that imports the models."""
    rules: str = ""
    """Import string of rules that the project adds."""

    max_lines_of_file: int = 250
    max_lines_of_function: int = 25
    max_statements_of_handler: int = 4
    verbs: tuple[str, ...] = ()
    """First words of the docstrings of functions. Default: any word that can be a verb."""
    error_base: str = ""
    """Base class of the errors that a client may see."""
    router_factory: str = ""
    """Function that creates all routers."""
    settings_bases: tuple[str, ...] = ("BaseSettings",)
    table_bases: tuple[str, ...] = ("DeclarativeBase",)
    """Base classes of tables, except those of SQLModel, which are known by `table=True`."""
    new_id: str = ""
    """Function that creates the id of a row."""
    line_type: str = ""
    """Type of a text that is trimmed before it is measured."""
    missing: str = ""
    """Default of the fields of an update that a client may leave out."""
    reads: tuple[str, ...] = ()
    """Methods of a repository that read rows of one owner or parent."""
    pages: tuple[str, ...] = ("get_page*",)
    """Patterns of the methods of a repository that read a page."""
    bounds: tuple[str, ...] = (".limit(",)
    """Calls that bound the rows of a page."""

    platform: tuple[str, ...] = ()
    """Packages in the package that are not features."""
    composing: tuple[str, ...] = ()
    """Packages of the platform that may import features."""
    features: str = ""
    """File that lists the features, as lines such as `notes.feature,`, each after its imports."""
    files_of_a_feature: tuple[str, ...] = ()
    """Names of the files that a feature may have, without `.py`."""

    operation_verbs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """First words of the names of operations, by method in lower case."""
    page_parameters: tuple[str, ...] = ("limit",)
    """Parameters that each operation with a page takes."""
    error_media_type: str = ""
    """Media type of error responses."""
    error_description: str = ""
    """Regular expression that the description of an error response begins with."""
    time_type: str = ""
    """Name of the type of columns with a time. Default: any type with a time zone."""
    enum_check: str = ""
    """Name of the constraint that lists the values of a column, with `{table}` and `{column}`."""

    texts: tuple[str, ...] = ("*.md", "docs/**/*.md")
    """Texts whose blocks must compile."""
    names_in_texts: bool = False
    """True if also each name in backquotes in these texts must exist."""
    languages: tuple[str, ...] = ()
    """Languages of blocks that are not compiled. Default: all that cannot be compiled."""
    files: tuple[str, ...] = FILES
    """Files that must not contain credentials, in addition to those of the package."""
    placeholders: tuple[str, ...] = ("change-me", "changethis", "pass", "password", "secret")
    """Values that are not credentials."""
    prose: tuple[str, ...] = ()
    """Other files whose words and comments are checked."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Words that are not used, each with an example of a plain word."""
    markers: str = ""
    """Regular expression of comments that mark the lines of a feature."""
    setting_examples: tuple[str, ...] = ()
    """Files that list all settings as variables of the environment."""

    def word(self, key: str) -> Any:
        """Return the value of a key such as `new_id` or `allowed.time`. It is empty if missing."""
        name, _, rule = key.partition(".")
        value = getattr(self, name)
        return value.get(rule) if rule else value

    @cached_property
    def modules(self) -> list[Module]:
        """All Python files of the package and of the folders beside it."""
        return [
            Module(path.relative_to(self.root).as_posix(), read_text(path), self)
            for folder in (self.package, *self.beside)
            for path in sorted((self.root / folder).rglob("*.py"))
        ]

    @property
    def package_modules(self) -> Iterator[Module]:
        return (module for module in self.modules if module.path.startswith(f"{self.package}/"))

    @property
    def sources(self) -> tuple[str, ...]:
        """Pattern of all files of the package."""
        return (f"{self.package}/**/*",)

    @property
    def pyproject(self) -> tuple[str, ...]:
        return ("pyproject.toml",)

    @cached_property
    def tables_and_bases(self) -> set[str]:
        return self.subclasses("table=True", *self.table_bases)

    @cached_property
    def settings(self) -> set[str]:
        return self.subclasses(*self.settings_bases)

    @cached_property
    def errors(self) -> set[str]:
        return self.subclasses(self.error_base)

    @cached_property
    def _bases(self) -> dict[str, set[str]]:
        """The bases and keywords of each class of the package, without the packages of the bases."""
        found: dict[str, set[str]] = {}
        for module in self.package_modules:
            for name, bases in CLASS.findall(module.source):
                plain = re.sub(r"\[.*\]|[\w.]+\.|\s|#.*", "", bases)
                found.setdefault(name, set()).update(plain.split(","))
        return found

    def subclasses(self, *bases: str) -> set[str]:
        """Return the names of these classes, and of the package's classes that inherit from them."""
        found = set(bases)
        while more := {name for name, own in self._bases.items() if own & found} - found:
            found |= more
        return found

    def is_in_layer(self, path: str, layer: str) -> bool:
        """Return True if a file is in a layer, in the `package` without tests, or `everywhere`."""
        if layer == "package":
            is_other = any(matches(path, self.layers[other]) for other in ("tests", "migrations"))
            return path.startswith(f"{self.package}/") and not is_other
        return layer == "everywhere" or matches(path, self.layers[layer])

    def resolve(self, import_string: str) -> Any:
        """Return the object that an import string such as `app.main:app` refers to.

        Raise ConfigurationError if it cannot be imported.
        """
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))
        module, _, name = import_string.partition(":")
        try:
            return getattr(import_module(module), name)
        except Exception as error:
            message = f"`{import_string}` cannot be imported: {error!r}"
            raise ConfigurationError(message) from error


def read_text(path: Path) -> str:
    """Return the text of a file, or an empty string if the file is binary."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return "" if "\0" in text else text


def matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def find_root(start: Path) -> Path:
    """Return the nearest folder with a `pyproject.toml`, from this one upward.

    Raise ConfigurationError if there is none.
    """
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise ConfigurationError(f"There is no pyproject.toml in {start} or above it.")


def read_project(root: Path, config: Path | None = None) -> Project:
    """Return the project at this root, configured by a file, which is its own by default.

    Raise ConfigurationError for a file that cannot be read, an unknown key, a wrong type or a
    missing package.
    """
    table = _read_toml(config or root / "pyproject.toml").get("tool", {}).get("guardrails", {})
    if unknown := table.keys() - {known.name for known in fields(Project)}:
        names = ", ".join(sorted(unknown))
        raise ConfigurationError(f"[tool.guardrails] has unknown keys: {names}.")
    words = {key: _frozen(value) for key, value in table.items()}
    for key, value in words.items():
        if type(value) is not type(getattr(Project(root), key)):
            raise ConfigurationError(f"`{key}` in [tool.guardrails] must have another type.")
    words["layers"] = {**LAYERS, **words.get("layers", {})}
    words["allowed"] = {**ALLOWED, **words.get("allowed", {})}
    package = PurePosixPath(words.get("package", Project.package))
    if not package.name or package.is_absolute() or ".." in package.parts:
        raise ConfigurationError("`package` in [tool.guardrails] must be a folder in the project.")
    project = Project(root, **{**words, "package": str(package)})
    if not (root / project.package).is_dir():
        message = f"There is no folder `{project.package}` in {root}: set `package`"
        raise ConfigurationError(f"{message} in [tool.guardrails].")
    return project


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}.") from error


def _frozen(value: Any) -> Any:
    """Return a value of TOML with tuples instead of lists."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    return tuple(value) if isinstance(value, list) else value
