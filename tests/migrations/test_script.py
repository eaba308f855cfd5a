"""Script of `make migration`, which needs no database and writes a complete migration."""

import re
import subprocess
import sys
from pathlib import Path

from app.core.migrations import newest_revision
from tests.architecture.articles import copy_to
from tests.architecture.edits import Edit, applied, prepend
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
NEW_COLUMN = Edit("User", prepend("nickname: str | None = Field(default=None, max_length=20)"))


def run_script(root: Path) -> "subprocess.CompletedProcess[str]":
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

    with applied(NEW_COLUMN, root):
        done = run_script(root)

    assert done.returncode == 0
    [written] = set((root / "migrations" / "versions").glob("*.py")) - before
    assert done.stdout == f"{written.relative_to(root)}\n"
    assert written.name.endswith("_add_nickname.py")
    source = written.read_text()
    assert source.startswith('"""Add nickname.\n\nRevision: 0')
    assert "nickname" in source
    assert not list(root.glob("*.db"))


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
