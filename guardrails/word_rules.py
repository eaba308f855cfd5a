"""Rules about words and comments in all files of the project."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.edits import TextEdit
from tests.architecture.rules import Finding, TextRule
from tests.architecture.text_rules import FILES_OF_THE_TREE

FILES = (
    *FILES_OF_THE_TREE,
    *("tests/**/*", "faults/**/*"),
    *("clients/typescript/src/client.ts", "clients/typescript/tests/**/*.ts"),
)
WORDS = {
    "is away": "is unavailable",
    "lies in": "belongs to",
    "mend": "fix",
    "mended": "fixed",
    "mends": "fixes",
    "refusal": "error",
    "refusals": "errors",
    "shall": "must",
    "stands in": "is defined in",
    "storm": "burst",
    "storms": "bursts",
    "tell": "report",
    "tells": "reports",
    "told": "documented",
    "whoever": "the user who",
}
"""Words that are not used, and examples of a plain word for each."""
SPACE = r"[ \n#/*]+"
"""Space in a phrase, which can continue on the next line of a comment."""
WORD = re.compile(rf"(?i)(?<![\w.])(?:{'|'.join(WORDS).replace(' ', SPACE)})(?!\w)")
"""One of the words. Methods such as `file.tell()` are allowed."""
MARKER = re.compile(r"(?m)(?:#|//|<!--) *(?:# *)?(?:example|[a-z_-]+ (?:begins?|ends?)) *(?:-->)?$")
"""Comment that marks the lines of a feature."""


def find_words(text: str, _: Path) -> Iterator[Finding]:
    for match in WORD.finditer(text):
        word = " ".join(re.findall(r"\w+", match[0]))
        plain = WORDS[word.lower()]
        yield text.count("\n", 0, match.start()) + 1, f"replace `{word}`, such as by `{plain}`"


def find_markers(text: str, _: Path) -> Iterator[Finding]:
    for match in MARKER.finditer(text):
        message = "move the lines to a folder of the feature, which is removed with it"
        yield text.count("\n", 0, match.start()) + 1, f"`{match[0]}` marks lines: {message}"


RULES = [
    TextRule(
        name="plain words",
        article=50,
        see="Repository",
        files=FILES,
        except_files=("tests/architecture/word_rules.py",),
        find=find_words,
        edit=TextEdit("SECURITY.md", r"\A", "Whoever finds a fault tells it.\n\n"),
    ),
    TextRule(
        name="no marker comments",
        article=46,
        see="FEATURES",
        files=FILES,
        except_files=("tests/architecture/word_rules.py",),
        find=find_markers,
        edit=TextEdit("pyproject.toml", r"(?m)^\[project\]$", "# example begins\n[project]"),
    ),
]
