"""Script of `make migration`, which needs no database and writes a complete migration."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

from app.core.migrations import newest_revision
from tests.architecture.articles import copy_to
from tests.architecture.edits import Edit, applied, prepend
from tests.architecture.migration_rules import faults_of
from tests.migrations.rows import example_rows
from tests.support.isolation import needs_no_database

pytestmark = needs_no_database

SCRIPT = "scripts/migration"
TABLES_OF_NO_FEATURE = """
import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "{newest}"


def upgrade():
    op.create_table("aa", sa.Column("id", sa.Uuid(), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_table(
        "bb",
        sa.Column("aa_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["aa_id"], ["aa.id"], ondelete="CASCADE"),
    )
    op.create_index("ix_bb_aa_id", "bb", ["aa_id"])


def downgrade():
    op.drop_table("bb")
    op.drop_table("aa")
"""
NEW_COLUMN = Edit(
    "User",
    prepend(
        "nickname: str | None = Field(default=None, max_length=4)\nheight: float | None = None"
    ),
)
NEW_REFERENCE = Edit(
    "OneTimeToken",
    prepend(
        'session_id: UUID | None = Field(foreign_key="sessions.id", ondelete="CASCADE", index=True)'
    ),
)
BIN = Path(sys.executable).parent


def run_script(root: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [root / SCRIPT, "add_nickname"],
        env={"BIN": str(BIN), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def find_faults(path: Path) -> list[str]:
    """Return the violations of the rules about migrations, and the output of ruff."""
    faults = faults_of(path.read_text())
    for command in (["check"], ["format", "--diff"]):
        ruff = [str(BIN / "ruff"), *command, "--quiet", str(path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        faults += [done.stdout] if done.returncode else []
    return faults


def test_a_changed_model_becomes_a_numbered_migration_after_the_newest(tmp_path: Path) -> None:
    root = copy_to(tmp_path)
    before = set((root / "migrations" / "versions").iterdir())

    with applied(NEW_COLUMN, root):
        done = run_script(root)

    assert done.returncode == 0
    [written] = set((root / "migrations" / "versions").glob("*.py")) - before
    assert done.stdout == f"{written.relative_to(root)}\n"
    assert written.name.endswith("_add_nickname.py")
    source = written.read_text()
    assert source.startswith('"""Add nickname.\n\nRevision: 0')
    rows = runpy.run_path(str(written))["EXAMPLE_ROWS"]
    assert rows == {"users": {"nickname": "nick", "height": 1.0}}
    assert find_faults(written) == []
    assert not list(root.glob("*.db"))


def test_an_index_on_an_existing_table_is_a_migration_of_its_own(tmp_path: Path) -> None:
    root = copy_to(tmp_path)

    with applied(NEW_REFERENCE, root):
        done = run_script(root)
        again = run_script(root)

    reference, index = [root / path for path in sorted(done.stdout.split())]
    assert runpy.run_path(str(reference))["EXAMPLE_ROWS"] == {
        "one_time_tokens": {"session_id": example_rows()["sessions"]["id"]}
    }
    assert 'with building_concurrently("ix_one_time_tokens_session_id")' in index.read_text()
    assert find_faults(reference) == find_faults(index) == []
    assert "op." not in (root / again.stdout.strip()).read_text()


def test_tables_of_a_removed_feature_are_dropped_before_the_tables_that_they_refer_to(
    tmp_path: Path,
) -> None:
    root = copy_to(tmp_path)
    versions = root / "migrations" / "versions"
    (versions / "0099_tables.py").write_text(TABLES_OF_NO_FEATURE.format(newest=newest_revision()))

    done = run_script(root)

    assert done.returncode == 0
    written = (root / done.stdout.strip()).read_text()
    upgrade, _, downgrade = written.partition("def downgrade")
    assert re.findall(r"op\.\w+\(.*", upgrade) == ['op.drop_table("bb")', 'op.drop_table("aa")']
    assert downgrade.index('"aa"') < downgrade.index('"bb"') < downgrade.index("ix_bb_aa_id")
    assert "CHAR" not in downgrade
