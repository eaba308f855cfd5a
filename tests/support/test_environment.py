"""Environment variables of the shell, which do not change the tests and the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

from app.core.migrations import ROOT
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

EXPORTED = {
    "ALLOWED_HOSTS": "x",
    "COLUMNS": "20",
    "ENVIRONMENT": "production",
    "FORCE_COLOR": "1",
    "GITHUB_ACTIONS": "true",
    "GIT_CONFIG_GLOBAL": "/nowhere/gitconfig",
    "GIT_DIR": "/nowhere",
    "HTTP_PROXY": "http://proxy.invalid",
    "LC_ALL": "C",
    "PGSSLMODE": "verify-full",
    "PYTEST_ADDOPTS": "--collect-only",
    "PYTEST_PLUGINS": "no_such_plugin",
    "TERM": "xterm-256color",
    "TZ": "Asia/Tokyo",
}
STATE = """
import json, os, tests, time
print(json.dumps([dict(os.environ), time.tzname[0]]))
"""


def output_of(*arguments: str, **exported: str) -> str:
    """Run Python with these variables in its environment, and return what it prints."""
    command = [sys.executable, *arguments]
    environment = {**os.environ, **exported}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_the_tests_remove_exported_environment_variables() -> None:
    environment, time_zone = json.loads(output_of("-c", STATE, **EXPORTED))

    assert not EXPORTED.items() & environment.items()
    assert time_zone == "UTC"


def test_make_test_passes_with_any_exported_variables() -> None:
    test_arguments = (
        "-n0 tests/cli/test_cli.py::TestEntryPoints::test_the_package_runs_and_lists_its_commands"
    )
    exported = {
        **EXPORTED,
        "PYTHONOPTIMIZE": "1",
        "PYTEST_ARGS": test_arguments,
        "BIN": str(Path(sys.executable).parent),
    }
    environment = {"PATH": os.environ["PATH"], **exported}

    suite = subprocess.run(
        ["scripts/test"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert "1 passed" in suite.stdout
    assert suite.returncode == 0, suite.stdout


def test_the_help_text_does_not_depend_on_exported_variables() -> None:
    text = output_of("-m", "app", "outbox", "--help", COLUMNS="80")
    exported = output_of("-m", "app", "outbox", "--help", **{**EXPORTED, "COLUMNS": "80"})

    assert text == exported
    assert "\x1b" not in text
