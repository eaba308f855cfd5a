"""The rules on the command line: `python -m tests.architecture [FILE ...]`.

Without files, all rules; with files, those about source code and texts that concern them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture import document_rules, ownership_rules, source_rules, text_rules
from tests.architecture.rules import (
    ROOT,
    Document,
    DocumentRule,
    SourceRule,
    TextRule,
    Violation,
    modules,
)

SOURCE_RULES = [*ownership_rules.RULES, *source_rules.RULES]
RULES: list[SourceRule | DocumentRule | TextRule] = [
    *SOURCE_RULES,
    *document_rules.RULES,
    *text_rules.RULES,
]


def document() -> Document:
    """The API's document."""
    from tests.routes import DOCUMENT  # noqa: PLC0415 -- importing it takes longer than all rules

    return DOCUMENT


def violations(files: set[str] | None = None, root: Path = ROOT) -> Iterator[Violation]:
    """What breaks any rule, everywhere or in these files."""
    yield from violations_in_files(files, root)
    if files is None:
        for rule in document_rules.RULES:
            yield from rule.check(document())


def violations_in_files(files: set[str] | None, root: Path) -> Iterator[Violation]:
    """What breaks a rule about sources or texts, in all files or in these."""
    for module in modules(root):
        for rule in SOURCE_RULES:
            if files is None or module.path in files:
                yield from rule.check(module)
    for text in (file for pattern in text_rules.TEXTS for file in root.glob(pattern)):
        path = text.relative_to(root).as_posix()
        for text_rule in text_rules.RULES:
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
