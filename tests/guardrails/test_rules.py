"""Tests that this project follows all rules, and that each rule can fail."""

import subprocess
import sys

from guardrails.registry import all_rules, is_on
from tests.architecture.project import PROJECT, ROOT
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

WITHOUT_PACKAGES = """
import sys
sys.path.insert(0, ".")
from guardrails.__main__ import main
main(["check", "--only", "files"])
print({"sqlalchemy", "pydantic", "grimp", "alembic", "app"} & sys.modules.keys())
"""


def run(*arguments: str) -> str:
    """Run a command of the rules in this project, and return its output."""
    command = [sys.executable, "-m", "guardrails", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def test_the_project_follows_all_rules_and_all_are_on() -> None:
    assert run("check") == ""
    assert [rule.name for rule in all_rules(PROJECT) if not is_on(rule, PROJECT)] == []


def test_each_rule_reports_a_violation_that_is_added_to_the_project() -> None:
    assert run("prove") == f"Each of {len(all_rules(PROJECT))} rules reports a violation.\n"


def test_the_rules_on_files_need_the_standard_library_alone() -> None:
    command = [sys.executable, "-I", "-S", "-c", WITHOUT_PACKAGES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout.endswith("set()\n")
