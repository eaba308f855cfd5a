"""`make migration` needs nothing but the code, and writes what can be read and run as it is."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.articles import copy_to
from tests.architecture.rules import Edit, Module

SCRIPT = "scripts/migration"
NEW_COLUMN = Edit(
    "app/models/users.py",
    "    is_active: bool = True\n",
    "    is_active: bool = True\n    nickname: str | None = Field(default=None, max_length=20)\n",
)


def run_script(root: Path) -> "subprocess.CompletedProcess[str]":
    """Run the script in the copy of the project with this root."""
    return subprocess.run(
        [root / SCRIPT, "add_nickname"],
        env={"BIN": str(Path(sys.executable).parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_changed_model_becomes_a_numbered_migration_after_the_newest(tmp_path: Path) -> None:
    root = copy_to(tmp_path)
    before = set((root / "migrations" / "versions").iterdir())
    NEW_COLUMN.apply(root)

    done = run_script(root)

    assert done.returncode == 0
    [written] = set((root / "migrations" / "versions").glob("*.py")) - before
    assert done.stdout == f"{written.relative_to(root)}\n"
    assert written.name.endswith("_add_nickname.py")
    module = Module("migrations/versions/x.py", written.read_text())
    assert module.source.startswith('"""Add nickname.\n\nRevision: 0')
    assert "nickname" in module.source
    assert not list(root.glob("*.db"))
