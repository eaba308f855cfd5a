"""All rules, and the search for violations of those that are on."""

from collections.abc import Iterator, Mapping
from typing import Any

from guardrails import (
    docstring_rules,
    document_rules,
    feature_rules,
    ownership_rules,
    route_rules,
    size_rules,
    source_rules,
    text_rules,
    word_rules,
)
from guardrails.project import ConfigurationError, Project
from guardrails.rules import ApplicationRule, FileRule, Rule, Violation

SOURCE_RULES = [
    *ownership_rules.RULES,
    *route_rules.RULES,
    *source_rules.RULES,
    *feature_rules.RULES,
    *size_rules.RULES,
    *docstring_rules.RULES,
]
FILE_RULES: list[FileRule] = [*SOURCE_RULES, *text_rules.RULES, *word_rules.RULES]
"""Rules that need the standard library alone."""
PARTS = ("application", "tables")
"""Keys of the configuration with the import strings of what other rules check."""


def rules_of_application(project: Project) -> list[ApplicationRule]:
    """Return the rules about the API and, if the project has tables, those about them."""
    if not project.tables:
        return [*document_rules.RULES]
    from guardrails import table_rules  # noqa: PLC0415 -- imports SQLAlchemy

    return [*document_rules.RULES, *table_rules.RULES]


def rules_of_project(project: Project) -> list[FileRule]:
    """Return the rules that the project adds."""
    return [*project.resolve(project.rules)] if project.rules else []


def all_rules(project: Project) -> list[Rule]:
    """Return the rules. Raise ConfigurationError if the configuration names one that is not known.

    The rules about tables are known only if the project has tables.
    """
    rules = [*FILE_RULES, *rules_of_application(project), *rules_of_project(project)]
    named = {*project.allowed, *project.off, *project.examples}
    if unknown := named - {rule.name for rule in rules}:
        names = ", ".join(sorted(unknown))
        raise ConfigurationError(f"[tool.guardrails] names unknown rules: {names}.")
    return rules


def is_on(rule: Rule, project: Project) -> bool:
    return rule.name not in project.off and not rule.missing(project)


def violations_in_files(project: Project, paths: set[str] | None = None) -> Iterator[Violation]:
    """Yield the violations of the rules about files, in all files or in these."""
    for rule in FILE_RULES:
        if is_on(rule, project):
            yield from rule.check(project, paths)


def violations_in_application(project: Project) -> Iterator[Violation]:
    """Yield the violations of the rules about the API and its tables."""
    return violations_in_parts(project, parts_of(project))


def violations_in_parts(project: Project, parts: Mapping[str, Any]) -> Iterator[Violation]:
    for rule in rules_of_application(project):
        if is_on(rule, project):
            part = parts[rule.part]
            is_application = hasattr(part, "openapi")
            yield from rule.check_part(part.openapi() if is_application else part, project)


def parts_of(project: Project) -> dict[str, Any]:
    """Import the parts of the application that are configured: itself, and its tables."""
    parts = {key: project.resolve(project.word(key)) for key in PARTS if project.word(key)}
    application = parts.get("application")
    if callable(application) and not hasattr(application, "openapi"):
        parts["application"] = application()
    return parts


def violations_of_project_rules(
    project: Project, paths: set[str] | None = None
) -> Iterator[Violation]:
    """Yield the violations of the rules that the project adds, in all files or in these."""
    for rule in rules_of_project(project):
        if is_on(rule, project):
            yield from rule.check(project, paths)
