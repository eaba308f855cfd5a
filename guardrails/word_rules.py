"""Rules about words and comments in all files of the project."""

import re
from collections.abc import Iterator

from guardrails.project import Project
from guardrails.rules import Finding, TextRule

SPACE = r"[ \n#/*]+"
"""Space in a phrase, which can continue on the next line of a comment."""


def find_words(text: str, project: Project) -> Iterator[Finding]:
    """Find words that are not used. Methods such as `file.tell()` are allowed."""
    plain_words = {_normalised(word).lower(): plain for word, plain in project.words.items()}
    words = "|".join(map(re.escape, plain_words)).replace(r"\ ", SPACE)
    for match in re.finditer(rf"(?i)(?<![\w.])(?:{words})(?!\w)", text):
        word = _normalised(match[0])
        yield line_of(match), f"replace `{word}`, such as by `{plain_words[word.lower()]}`"


def _normalised(word: str) -> str:
    return re.sub(SPACE, " ", word)


def find_markers(text: str, project: Project) -> Iterator[Finding]:
    for match in re.finditer(project.markers, text):
        message = "move the lines to a folder of the feature, which is removed with it"
        yield line_of(match), f"`{match[0]}` marks lines: {message}"


def line_of(match: re.Match[str]) -> int:
    return match.string.count("\n", 0, match.start()) + 1


RULES = [
    TextRule(
        name="plain words",
        article=50,
        needs=("words",),
        files=("files", "sources", "prose"),
        find=find_words,
        sample=lambda project: next(iter(project.words)),
    ),
    TextRule(
        name="no marker comments",
        article=46,
        needs=("markers",),
        files=("files", "sources", "prose"),
        find=find_markers,
        sample="# example",
    ),
]
