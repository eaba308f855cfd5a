"""Texts about violations, for people and for agents."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from guardrails.articles import article_of
from guardrails.project import Project
from guardrails.registry import is_on
from guardrails.rules import Rule, Violation

MAX_LINES = 10
"""Maximum number of violations of a rule that an agent reads."""


def for_people(violations: Iterable[Violation], project: Project) -> Iterator[str]:
    """Yield a line for each violation, with its article and the example."""
    for violation in violations:
        yield f"{violation} {article_of(violation.rule, project).reference}"


def for_agents(violations: Iterable[Violation], project: Project) -> Iterator[str]:
    """Yield the article of each violated rule once, with the files that show the right form."""
    by_rule = groupby(violations, key=lambda violation: violation.rule)
    for rule, group in by_rule:
        article = article_of(rule, project)
        found = [str(violation) for violation in group]
        yield from found[:MAX_LINES]
        if len(found) > MAX_LINES:
            yield f"... and {len(found) - MAX_LINES} more"
        yield f"-> article {article.number}: {article.title} Read {article.see} for the right form."


def rules_that_are_off(rules: Iterable[Rule], project: Project) -> Iterator[str]:
    """Yield the names of the rules that are off, by the missing key of the configuration."""
    reasons: dict[str, list[str]] = {}
    for rule in rules:
        if not is_on(rule, project):
            reasons.setdefault(rule.missing(project), []).append(f'"{rule.name}"')
    if not project.tables:
        reasons["tables"] = ["the rules about tables"]
    for key, names in reasons.items():
        advice = f" (set `{key}` in [tool.guardrails])" if key else ""
        yield f"Off: {', '.join(names)}{advice}"
