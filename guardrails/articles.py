"""Articles of the constitution, read from its text."""

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from guardrails.project import ConfigurationError, Project
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
    """Return the articles by their number: those beside this package, and those of the project.

    Paths of examples that only this repository has are absolute.
    """
    files = (HOME / "constitution.md", project.root / project.constitution)
    text = "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())

    def absolute(match: re.Match[str]) -> str:
        is_ours = not (project.root / match[1]).exists() and (HOME / match[1]).exists()
        return f"`{HOME / match[1]}`" if is_ours else match[0]

    found = {}
    for number, *parts in ARTICLE.findall(text):
        title, why, see, held_by = (" ".join(part.split()) for part in parts)
        see = PATH.sub(absolute, see)
        found[int(number)] = Article(int(number), title, why, see, held_by)
    return found


def article_of(rule: Rule, project: Project) -> Article:
    """Return the article of a rule, with the example that the project has configured for it.

    Raise ConfigurationError if a rule of the project has an article that does not exist.
    """
    article = read_articles(project).get(rule.article)
    if article is None:
        raise ConfigurationError(f'The rule "{rule.name}" has no article {rule.article}.')
    return replace(article, see=project.examples.get(rule.name, article.see))
