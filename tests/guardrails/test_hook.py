"""Tests of the hook of the plugin, run in another repository as Claude Code runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.project import ROOT
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

PLUGIN = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text())
[[HOOK]] = [group["hooks"] for group in PLUGIN["hooks"]["PostToolUse"]]
READS_THE_ENVIRONMENT = "import os\n\nLEVEL = os.environ['LEVEL']\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a repository with the configuration of the rules."""
    (tmp_path / "pyproject.toml").write_text('[tool.guardrails]\npackage = "shop"\n')
    (tmp_path / "shop").mkdir()
    return tmp_path


def write(repository: Path, path: str, content: str) -> "subprocess.CompletedProcess[str]":
    """Write a file, and run the hook as Claude Code does, with a Python without packages."""
    file = repository / path
    file.write_text(content)
    # The interpreter of the virtual environment, but not its packages.
    (repository / "bin").mkdir(exist_ok=True)
    python = repository / "bin" / "python3"
    python.unlink(missing_ok=True)
    python.symlink_to(Path(sys.executable).resolve())
    sent = {
        "session_id": "session",
        "transcript_path": "/transcript.jsonl",
        "cwd": str(repository),
        "permission_mode": "default",
        "hook_event_name": "PostToolUse",
        "tool_name": "Write",
        "tool_input": {"file_path": str(file), "content": content},
        "tool_response": {"filePath": str(file), "success": True},
    }
    return subprocess.run(
        ["/bin/sh", "-c", HOOK["command"]],
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=False,
        cwd=repository,
        env={"CLAUDE_PLUGIN_ROOT": str(ROOT), "PATH": f"{repository / 'bin'}:/usr/bin:/bin"},
    )


def test_an_edit_that_breaks_an_article_is_answered_with_the_article_and_a_file_to_read(
    repository: Path,
) -> None:
    done = write(repository, "shop/levels.py", READS_THE_ENVIRONMENT)

    assert (done.returncode, done.stdout) == (2, "")
    violation, article = done.stderr.splitlines()
    assert violation.startswith("shop/levels.py:3: `os.environ`: read the environment only")
    assert article.startswith("-> article 5: Only `Settings` reads the environment. Read `")
    assert Path(article.split("`")[3]).is_file()


def test_an_edit_that_breaks_no_article_is_not_answered(repository: Path) -> None:
    done = write(repository, "shop/levels.py", "LEVEL = 1\n")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_recorded_violation_is_not_reported_again(repository: Path) -> None:
    write(repository, "shop/levels.py", READS_THE_ENVIRONMENT)
    command = [sys.executable, "-m", "guardrails", "baseline", "--root", str(repository)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)

    assert write(repository, "shop/levels.py", READS_THE_ENVIRONMENT).returncode == 0


@pytest.mark.parametrize("project", ["", '[project]\nname = "shop"\n'])
def test_a_repository_that_is_not_configured_is_not_checked(repository: Path, project: str) -> None:
    (repository / "pyproject.toml").write_text(project)

    assert write(repository, "shop/levels.py", READS_THE_ENVIRONMENT).returncode == 0


def test_an_edit_outside_all_projects_is_not_checked(repository: Path) -> None:
    (repository / "pyproject.toml").unlink()

    done = write(repository, "shop/levels.py", READS_THE_ENVIRONMENT)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_configuration_is_reported_and_does_not_block_the_edit(repository: Path) -> None:
    (repository / "pyproject.toml").write_text("[tool.guardrails]\nnone = 1\n")

    done = write(repository, "shop/levels.py", READS_THE_ENVIRONMENT)

    assert (done.returncode, done.stderr) == (1, "[tool.guardrails] has unknown keys: none.\n")
