"""Proof that each rule can fail: the project is broken once for each rule, in a copy in memory."""

from collections import Counter
from collections.abc import Iterator

from guardrails.project import ConfigurationError, Project
from guardrails.registry import (
    FILE_RULES,
    is_on,
    parts_of,
    rules_of_application,
    rules_of_project,
    violations_in_parts,
)
from guardrails.rules import Rule


def unproved(project: Project) -> Iterator[Rule]:
    """Yield the rules that are on and do not report their sample.

    Samples of the rules about the application are added to the application of this process.
    """
    for rule in [*FILE_RULES, *rules_of_project(project)]:
        if is_on(rule, project) and not rule.is_proved_in(project):
            yield rule
    yield from _unproved_in_application(project)


def _unproved_in_application(project: Project) -> Iterator[Rule]:
    parts = parts_of(project)
    application = parts.get("application")
    if isinstance(application, dict):
        raise ConfigurationError("`application` must not be a document, so that it can be broken.")
    rules = [rule for rule in rules_of_application(project) if is_on(rule, project)]
    before = Counter(found.rule.name for found in violations_in_parts(project, parts))
    for sample in {rule.sample_for(project) for rule in rules}:
        exec(sample, {"app": application, "tables": parts.get("tables")})
    if application is not None:
        application.openapi_schema = None
    after = Counter(found.rule.name for found in violations_in_parts(project, parts))
    yield from (rule for rule in rules if after[rule.name] <= before[rule.name])
