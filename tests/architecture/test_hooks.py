"""Tests of the hooks in `.claude/settings.json`, run in a copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.articles import copy_to
from tests.architecture.edits import Edit, applied, set_field
from tests.architecture.project import ROOT, find

pytestmark = pytest.mark.skipif(
    "TEST_DATABASE_URL" in os.environ,
    reason="the run on SQLite includes it, because it needs no database",
)

SETTINGS = json.loads((ROOT / ".claude" / "settings.json").read_text())
COMMANDS = {
    hook["command"].split()[-1]: hook["command"]
    for groups in SETTINGS["hooks"].values()
    for group in groups
    for hook in group["hooks"]
}
SERVICE = find("AccountService").path
FIRST_MIGRATION = min(ROOT.glob("migrations/versions/*.py")).relative_to(ROOT).as_posix()
BROKEN = "\n\ndef now() -> object:\n    import os\n    return os.environ\n"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with everything that the hooks read, at a path with a space."""
    root = copy_to(tmp_path_factory.mktemp("a repository"))
    shutil.copy(ROOT / "pyproject.toml", root)
    git(root, "init", "--quiet", "--initial-branch=main")
    commit_all(root)
    (root / ".venv").symlink_to(sys.prefix)
    return root


@pytest.fixture
def clone(copy: Path, tmp_path: Path) -> Path:
    """Return a clone of the copy, on a separate branch."""
    git(copy, "clone", "--quiet", ".", str(tmp_path / "clone"))
    git(tmp_path / "clone", "switch", "--quiet", "--create", "change")
    return tmp_path / "clone"


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True)


def commit_all(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=x")


def run_hook(
    root: Path, name: str, *, path: str = os.environ["PATH"], **call: Any
) -> subprocess.CompletedProcess[str]:
    """Run a hook as Claude Code runs it."""
    sent = {
        "session_id": "session",
        "transcript_path": "/transcript.jsonl",
        "cwd": str(root),
        "permission_mode": "default",
        **call,
    }
    return subprocess.run(
        ["/bin/sh", "-c", COMMANDS[name]],
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={"CLAUDE_PROJECT_DIR": str(root), "PATH": path},
    )


def protected_changes(root: Path) -> list[str]:
    """Return the messages of the stop hook about protected files."""
    code = "import check_all; print(*check_all.protected_changes(), sep='\\n', end='')"
    hooks = root / ".claude" / "hooks"
    command = [sys.executable, "-c", code]
    return subprocess.check_output(command, text=True, cwd=hooks).splitlines()


def edit_of(root: Path, path: str) -> dict[str, Any]:
    """Return the input that Claude Code sends to a hook for an edit of a file."""
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": "Edit",
        "tool_input": {"file_path": str(root / path), "old_string": "a", "new_string": "b"},
    }


def test_the_settings_and_the_hooks_folder_name_the_same_hooks() -> None:
    hooks = ROOT / ".claude" / "hooks"

    assert set(SETTINGS["hooks"]) == {"PreToolUse", "PostToolUse", "Stop", "SubagentStop"}
    assert set(COMMANDS) == {path.stem for path in hooks.glob("*.py")}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_hook_in_a_worktree_without_a_virtual_environment_names_the_command_to_run(
    copy: Path, tmp_path: Path, name: str
) -> None:
    worktree = tmp_path / "a worktree"
    git(copy, "worktree", "add", "--quiet", "--detach", str(worktree))
    done = run_hook(worktree, name, **edit_of(worktree, SERVICE))
    git(copy, "worktree", "remove", "--force", str(worktree))

    assert done.returncode == 2
    assert "`make install`" in done.stderr


def test_an_agent_can_stop_at_the_second_attempt_without_a_virtual_environment(clone: Path) -> None:
    done = run_hook(clone, "check_all", hook_event_name="Stop", stop_hook_active=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_virtual_environment_without_its_python_is_reported_as_missing(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(clone / "removed")
    done = run_hook(clone, "refuse_edit", **edit_of(clone, SERVICE))

    assert done.returncode == 2
    assert "`make install`" in done.stderr


def test_a_hook_needs_only_the_python_of_the_virtual_environment(
    copy: Path, tmp_path: Path
) -> None:
    for program in ("sh", "cat", "dirname", "git"):
        (tmp_path / program).symlink_to(shutil.which(program) or "")
    done = run_hook(copy, "refuse_edit", path=str(tmp_path), **edit_of(copy, SERVICE))

    assert (done.returncode, done.stderr) == (0, "")


def test_a_hook_that_crashes_blocks_the_tool(copy: Path) -> None:
    done = run_hook(copy, "refuse_edit", tool_input="not an object")

    assert done.returncode == 2
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        *(lock.name for lock in sorted(ROOT.glob("requirements*.txt"))),
        FIRST_MIGRATION,
    ],
)
def test_an_edit_of_a_protected_file_is_blocked_with_the_file_named(copy: Path, path: str) -> None:
    done = run_hook(copy, "refuse_edit", **edit_of(copy, path))

    assert done.returncode == 2
    assert done.stderr.startswith(f"{path} ")


@pytest.mark.parametrize(
    "path", [SERVICE, ".env.example", "migrations/versions/0099_new.py", "../elsewhere.py"]
)
def test_an_edit_of_any_other_file_is_allowed(copy: Path, path: str) -> None:
    done = run_hook(copy, "refuse_edit", **edit_of(copy, path))

    assert (done.returncode, done.stderr) == (0, "")


def test_an_edited_file_is_formatted_and_a_broken_article_is_reported(copy: Path) -> None:
    file = copy / SERVICE
    before = file.read_text()
    file.write_text(before.replace(" = ", "   =   ", 1))
    formatted = run_hook(copy, "check_edit", **edit_of(copy, SERVICE))
    after = file.read_text()
    file.write_text(before + BROKEN)
    broken = run_hook(copy, "check_edit", **edit_of(copy, SERVICE))
    file.write_text(before)

    assert (formatted.returncode, after) == (0, before)
    assert broken.returncode == 2
    assert SERVICE in broken.stderr


def test_an_edited_text_that_names_a_missing_file_is_reported(copy: Path) -> None:
    text = copy / "CLAUDE.md"
    before = text.read_text()
    text.write_text(before + "\nSee `app/nowhere.py`.\n")
    done = run_hook(copy, "check_edit", **edit_of(copy, "CLAUDE.md"))
    text.write_text(before)

    assert done.returncode == 2
    assert "article 39" in done.stderr


def test_an_agent_cannot_stop_while_a_rule_is_broken_until_its_second_attempt(copy: Path) -> None:
    lock = copy / "requirements.txt"
    locked = lock.read_text()
    with applied(Edit("check_liveness", set_field("returns", None)), copy):
        lock.write_text(locked.replace("fastapi==", "fastapi==1"))
        first = run_hook(copy, "check_all", hook_event_name="Stop", stop_hook_active=False)
        second = run_hook(copy, "check_all", hook_event_name="Stop", stop_hook_active=True)
    lock.write_text(locked)

    assert first.returncode == 2
    assert "article 10" in first.stderr
    assert "requirements.txt changed without pyproject.toml" in first.stderr
    assert second.returncode == 0


def test_the_stop_hook_reports_protected_files_that_a_command_changed(clone: Path) -> None:
    with (clone / FIRST_MIGRATION).open("a") as migration:
        migration.write("# changed\n")
    commit_all(clone)
    (clone / "requirements.txt").unlink()
    (clone / ".env").write_text("SECRET_KEY=x\n")
    git(clone, "add", "--force", ".env")

    reported = [line.partition(" ")[0] for line in protected_changes(clone)]

    assert reported == [
        FIRST_MIGRATION,
        "requirements.txt",
        ".env",
    ]


def test_the_stop_hook_passes_new_migrations_and_locks_of_changed_dependencies(clone: Path) -> None:
    (clone / "migrations" / "versions" / "0099_new.py").write_text('"""New."""\n')
    for name in ("pyproject.toml", "requirements.txt"):
        with (clone / name).open("a") as file:
            file.write("# changed\n")
    commit_all(clone)

    assert protected_changes(clone) == []


def test_the_stop_hook_reports_no_changes_outside_a_repository(copy: Path, tmp_path: Path) -> None:
    shutil.copytree(copy / ".claude", tmp_path / ".claude")

    assert protected_changes(tmp_path) == []
