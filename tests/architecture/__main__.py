"""The rules on the command line: `python -m tests.architecture [FILE ...]`.

Without files, all rules; with files, those about source code and texts that concern them.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tests.architecture import (
    document_rules,
    migration_rules,
    ownership_rules,
    source_rules,
    table_rules,
    text_rules,
)
from tests.architecture.rules import PACKAGE, ROOT, Rule, Violation, modules

SOURCE_RULES = [*ownership_rules.RULES, *source_rules.RULES, *migration_rules.RULES]
RULES: list[Rule] = [
    *SOURCE_RULES,
    *document_rules.RULES,
    *table_rules.RULES,
    *text_rules.RULES,
]


def violations(files: set[str] | None = None, root: Path = ROOT) -> Iterator[Violation]:
    """What breaks any rule, everywhere or in these files."""
    yield from violations_in_files(files, root)
    if files is None:
        yield from violations_in_application()


def violations_in_application() -> Iterator[Violation]:
    """What breaks a rule about the API or its tables."""
    # Importing these takes longer than all rules about files.
    from tests.routes import DOCUMENT  # noqa: PLC0415

    tables = import_module(f"{PACKAGE}.models").Base.metadata
    for document_rule in document_rules.RULES:
        yield from document_rule.check(DOCUMENT)
    for table_rule in table_rules.RULES:
        yield from table_rule.check(tables)


def violations_in_files(files: set[str] | None, root: Path) -> Iterator[Violation]:
    """What breaks a rule about files, in all of them or in these."""
    for module in modules(root):
        for rule in SOURCE_RULES:
            if files is None or module.path in files:
                yield from rule.check(module)
    for text_rule in text_rules.RULES:
        for path in text_rule.paths(root):
            if files is None or path in files:
                yield from text_rule.check(path, root)


def main() -> None:
    """Print what is wrong, and exit with 1 if anything is."""
    files = {Path(each).resolve().relative_to(ROOT).as_posix() for each in sys.argv[1:]}
    found = sorted(violations(files or None), key=lambda each: (each.article, each.place))
    for violation in found:
        print(violation)  # noqa: T201 -- a command
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
