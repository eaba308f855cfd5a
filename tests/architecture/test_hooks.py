"""The hooks of the agent kit, fed with what Claude Code sends them, in a copy of the project."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.articles import copy_to
from tests.architecture.rules import ROOT

SETTINGS = json.loads((ROOT / ".claude" / "settings.json").read_text())
SERVICE = "app/services/users.py"
BROKEN = "\n\ndef now() -> object:\n    import os\n    return os.environ\n"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with all that the hooks look at, committed."""
    root = copy_to(tmp_path_factory.mktemp("repository"))
    shutil.copy(ROOT / "pyproject.toml", root)
    for command in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "x"],
    ):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def run_hook(root: Path, name: str, **call: Any) -> subprocess.CompletedProcess[str]:
    """Run a hook as Claude Code does."""
    sent = {
        "session_id": "session",
        "transcript_path": "/transcript.jsonl",
        "cwd": str(root),
        "permission_mode": "default",
        **call,
    }
    command = [sys.executable, str(root / ".claude" / "hooks" / f"{name}.py")]
    return subprocess.run(
        command, input=json.dumps(sent), capture_output=True, text=True, check=False, cwd=root
    )


def edit_of(root: Path, path: str) -> dict[str, object]:
    """What is sent about an edit of a file."""
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": "Edit",
        "tool_input": {"file_path": str(root / path), "old_string": "a", "new_string": "b"},
    }


def test_every_hook_of_the_settings_is_there() -> None:
    commands = [
        hook["command"]
        for groups in SETTINGS["hooks"].values()
        for group in groups
        for hook in group["hooks"]
    ]

    assert set(SETTINGS["hooks"]) == {"PreToolUse", "PostToolUse", "Stop", "SubagentStop"}
    for command in commands:
        hook = command.rpartition("$CLAUDE_PROJECT_DIR/")[2].strip('"')
        assert (ROOT / hook).is_file()


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-browser.txt",
        "migrations/versions/0001_identity.py",
    ],
)
def test_what_is_not_edited_by_hand_is_refused_with_what_to_do_instead(
    copy: Path, path: str
) -> None:
    done = run_hook(copy, "refuse_edit", **edit_of(copy, path))

    assert done.returncode == 2
    assert done.stderr.startswith(f"{path} ")


@pytest.mark.parametrize(
    "path", [SERVICE, ".env.example", "migrations/versions/0099_new.py", "../elsewhere.py"]
)
def test_anything_else_may_be_edited(copy: Path, path: str) -> None:
    done = run_hook(copy, "refuse_edit", **edit_of(copy, path))

    assert (done.returncode, done.stderr) == (0, "")


def test_an_edited_file_is_formatted_and_its_broken_article_told(copy: Path) -> None:
    file = copy / SERVICE
    before = file.read_text()
    file.write_text(before.replace('LIST = "users"', "LIST   =   'users'"))
    formatted = run_hook(copy, "check_edit", **edit_of(copy, SERVICE))
    after = file.read_text()
    file.write_text(before + BROKEN)
    broken = run_hook(copy, "check_edit", **edit_of(copy, SERVICE))
    file.write_text(before)

    assert (formatted.returncode, after) == (0, before)
    assert broken.returncode == 2
    assert "services/users.py" in broken.stderr


def test_an_edited_text_that_names_what_is_not_there_is_told(copy: Path) -> None:
    text = copy / "CLAUDE.md"
    before = text.read_text()
    text.write_text(before + "\nSee `app/nowhere.py`.\n")
    done = run_hook(copy, "check_edit", **edit_of(copy, "CLAUDE.md"))
    text.write_text(before)

    assert done.returncode == 2
    assert "article 39" in done.stderr


def test_an_agent_does_not_stop_while_a_rule_is_broken_but_is_told_once(copy: Path) -> None:
    file = copy / "app" / "routers" / "health.py"
    before = file.read_text()
    file.write_text(before.replace("async def check_liveness", "def check_liveness"))
    first = run_hook(copy, "check_all", hook_event_name="Stop", stop_hook_active=False)
    second = run_hook(copy, "check_all", hook_event_name="Stop", stop_hook_active=True)
    file.write_text(before)

    assert first.returncode == 2
    assert "article 10" in first.stderr
    assert second.returncode == 0
