"""Check the rules: `python -m tests.architecture [--files | --application | FILE ...]`.

Without arguments, check all rules. With files, check the rules about source code and texts in them.
`--files` and `--application` check the two halves of all rules, which can run at the same time.
"""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture import (
    docstring_rules,
    document_rules,
    feature_rules,
    migration_rules,
    ownership_rules,
    route_rules,
    size_rules,
    source_rules,
    table_rules,
    text_rules,
    word_rules,
)
from tests.architecture.project import ROOT, tables
from tests.architecture.rules import Rule, Violation
from tests.architecture.source import modules

SOURCE_RULES = [
    *ownership_rules.RULES,
    *route_rules.RULES,
    *source_rules.RULES,
    *migration_rules.RULES,
    *feature_rules.RULES,
    *size_rules.RULES,
    *docstring_rules.RULES,
]
TEXT_RULES = [*text_rules.RULES, *word_rules.RULES]
RULES: list[Rule] = [*SOURCE_RULES, *document_rules.RULES, *table_rules.RULES, *TEXT_RULES]


def violations(files: set[str] | None = None, root: Path = ROOT) -> Iterator[Violation]:
    """Return the violations of all rules, or those in these files."""
    yield from violations_in_files(files, root)
    if files is None:
        yield from violations_in_application()


def violations_in_application() -> Iterator[Violation]:
    """Return the violations of the rules about the API and its tables."""
    # Importing this takes longer than checking all files.
    from tests.support.operations import DOCUMENT  # noqa: PLC0415 -- imports the whole application

    for document_rule in document_rules.RULES:
        yield from document_rule.check(DOCUMENT)
    for table_rule in table_rules.RULES:
        yield from table_rule.check(tables())


def violations_in_files(files: set[str] | None, root: Path) -> Iterator[Violation]:
    """Return the violations of the rules about files, in all files or in these."""
    for module in modules(root):
        for rule in SOURCE_RULES:
            if files is None or module.path in files:
                yield from rule.check(module)
    for text_rule in TEXT_RULES:
        for path in text_rule.paths(root):
            if files is None or path in files:
                yield from text_rule.check(path, root)


def main() -> None:
    match sys.argv[1:]:
        case ["--files"]:
            unsorted = violations_in_files(None, ROOT)
        case ["--application"]:
            unsorted = violations_in_application()
        case files:
            paths = {Path(file).resolve().relative_to(ROOT).as_posix() for file in files}
            unsorted = violations(paths or None)
    found = sorted(unsorted, key=lambda found: (found.rule.article, found.location))
    for violation in found:
        print(violation)  # noqa: T201 -- a command
    sys.exit(bool(found))


if __name__ == "__main__":
    # The process is short, and searching its syntax trees for garbage would take a quarter of it.
    gc.disable()
    main()
