"""Violations of an old code base, which are recorded so that only new ones fail."""

import json
import re
from collections import Counter
from collections.abc import Iterable

from guardrails.project import ConfigurationError, Project
from guardrails.rules import Rule, Violation

Baseline = dict[str, dict[str, int]]
"""For each rule, the number of violations by their description."""


def description_of(violation: Violation) -> str:
    """Return the file and the message without numbers, because lines and lengths change."""
    return re.sub(r"\d+", "#", f"{violation.path}: {violation.message}")


def read_baseline(project: Project) -> Baseline:
    """Return the recorded violations. Raise ConfigurationError if their file is not valid JSON."""
    file = project.root / project.baseline
    try:
        baseline: Baseline = json.loads(file.read_text()) if file.exists() else {}
    except ValueError as error:
        raise ConfigurationError(f"{file} is not valid JSON: {error}.") from error
    return baseline


def without_recorded(project: Project, violations: Iterable[Violation]) -> list[Violation]:
    """Return the violations that the baseline does not contain."""
    left = {name: Counter(counts) for name, counts in read_baseline(project).items()}
    new = []
    for violation in violations:
        counts = left.get(violation.rule.name, Counter())
        counts[description_of(violation)] -= 1
        if counts[description_of(violation)] < 0:
            new.append(violation)
    return new


def record(project: Project, rules: Iterable[Rule], violations: Iterable[Violation]) -> str:
    """Write the violations of these rules to the baseline, and return a summary.

    Raise LargerBaselineError if a recorded rule has more violations than before.
    """
    before = read_baseline(project)
    now: Baseline = {rule.name: {} for rule in rules}
    for violation in violations:
        counts = now[violation.rule.name]
        counts[description_of(violation)] = counts.get(description_of(violation), 0) + 1
    for name, counts in before.items():
        recorded, found = sum(counts.values()), sum(now.get(name, {}).values())
        if found > recorded:
            message = f'"{name}" has {found} violations, and {recorded} are recorded: fix the new'
            raise LargerBaselineError(f"{message} ones, because the number may only fall.")
    text = json.dumps(now, indent=1, sort_keys=True)
    (project.root / project.baseline).write_text(f"{text}\n")
    return f"Recorded {count(now)} violations in {project.baseline} (before: {count(before)})."


def count(baseline: Baseline) -> int:
    return sum(sum(counts.values()) for counts in baseline.values())


class LargerBaselineError(Exception):
    """Raised if the number of violations of a rule has risen. The message is one line."""
