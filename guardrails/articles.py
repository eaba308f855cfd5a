"""Articles of the constitution, read from its text."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from guardrails.project import Project
from guardrails.rules import Rule

HOME = Path(__file__).parent.parent
"""Repository that contains this package, with the constitution and the examples."""
ARTICLE = re.compile(
    r"(?ms)^\*\*(\d+)\. (.+?)\*\*\s+\*Why\* (.+?)\s+\*See\* (.+?)\.\s+\*Held by\* (.+?)"
    r"(?=\s*(?:^\*\*\d|^## |\Z))"
)
PATH = re.compile(r"`([\w./-]+)`")


@dataclass(frozen=True)
class Article:
    """An article, as the constitution states it."""

    number: int
    title: str
    why: str
    see: str
    """Examples, as paths and symbols in backquotes."""
    held_by: str

    @property
    def reference(self) -> str:
        """The number and the examples, as each message ends."""
        return f"(article {self.number}; example: {self.see})"


@cache
def read_articles(project: Project) -> dict[int, Article]:
    """Return the articles by their number: those of the project, or those beside this package."""
    file = project.root / project.constitution
    text = (file if file.exists() else HOME / "constitution.md").read_text()
    found = [
        Article(int(number), *(" ".join(part.split()) for part in parts))
        for number, *parts in ARTICLE.findall(text)
    ]
    return {article.number: article for article in found}


def article_of(rule: Rule, project: Project) -> Article:
    """Return the article of a rule, with the example that the project has configured for it.

    Paths of examples that only this repository has are absolute.
    """
    article = read_articles(project)[rule.article]

    def absolute(match: re.Match[str]) -> str:
        is_ours = not (project.root / match[1]).exists() and (HOME / match[1]).exists()
        return f"`{HOME / match[1]}`" if is_ours else match[0]

    see = project.examples.get(rule.name) or PATH.sub(absolute, article.see)
    return Article(article.number, article.title, article.why, see, article.held_by)
