"""The rules about migrations. What locks a table is for squawk to say, which reads the SQL."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from tests.architecture.rules import Edit, Module, Place, SourceRule

SQUAWK = str(Path(sys.executable).parent / "squawk")
NOT_OURS = (
    "require-lock-timeout",  # migrations/env.py sets it
    "require-statement-timeout",  # there is none on purpose: the lock's is enough
    "prefer-robust-stmts",  # a revision is one transaction, or `building_concurrently`
    "prefer-text-field",  # SQLite knows lengths of VARCHAR too; PostgreSQL widens them at once
    "prefer-bigint-over-int",  # ids are UUIDs
    "ban-drop-column",  # the third release of a change drops what nobody reads any more
    "ban-drop-table",
)
OPERATION = re.compile(r"\bop\.(?!execute|get_)\w+|\w+_op\.\w+")
"""What changes the schema, but for plain SQL, which may say anything."""


def find_heavy_locks(module: Module) -> Iterator[Place]:
    if not (upgrade := _function(module, "upgrade")):
        return
    command = [SQUAWK, "--reporter", "json", "--stdin-filepath", "upgrade.sql"]
    done = subprocess.run(
        [*command, *(f"--exclude={rule}" for rule in NOT_OURS)],
        input=f"BEGIN;\n{_sql_of(module)}\nCOMMIT;\n",
        capture_output=True,
        text=True,
        check=False,
    )
    for found in json.loads(done.stdout):
        advice = f" {found['help']}" if found["help"] else ""
        yield upgrade.lineno, f"{found['message']}{advice} [{found['rule_name']}]"


def find_empty_downgrades(module: Module) -> Iterator[Place]:
    for name in ("upgrade", "downgrade"):
        if (function := _function(module, name)) and not OPERATION.search(ast.unparse(function)):
            yield function.lineno, f"`{name}` does nothing"


def _function(module: Module, name: str) -> ast.FunctionDef | None:
    return next((each for each in module.nodes(ast.FunctionDef) if each.name == name), None)


def _sql_of(module: Module) -> str:
    """What the upgrade runs on PostgreSQL, without running it."""
    names: dict[str, Any] = {}
    # Under no name of a file: coverage would look for that of a sample.
    exec(compile(module.tree, f"<{module.path}>", "exec"), names)
    output = StringIO()
    options = {"as_sql": True, "output_buffer": output}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        names["upgrade"]()
    return output.getvalue()


def revision(*upgrade: str) -> str:
    """A revision whose upgrade is these lines."""
    lines = "\n".join(f"    {line}" for line in upgrade)
    return (
        "import sqlalchemy as sa\nfrom alembic import op\n\n"
        f"def upgrade():\n{lines}\n\ndef downgrade():\n    op.drop_index('i')\n"
    )


RULES = [
    SourceRule(
        name="migrations without heavy locks",
        article=29,
        see=".claude/skills/change-schema/SKILL.md",
        layers=("migrations",),
        find=find_heavy_locks,
        edit=Edit(
            "migrations/versions/0002_activity_idempotency.py",
            "def upgrade() -> None:\n",
            "def upgrade() -> None:\n"
            '    op.create_index(op.f("ix_users_full_name"), "users", ["full_name"])\n',
        ),
        bad=revision("op.create_index('i', 'users', ['role'])"),
        good=revision(
            "from app.core.migrations import building_concurrently",
            "with building_concurrently('i'):",
            "    op.create_index('i', 'users', ['role'], postgresql_concurrently=True)",
        ),
    ),
    SourceRule(
        name="real downgrades",
        article=29,
        see="migrations/versions/0002_activity_idempotency.py `downgrade`",
        layers=("migrations",),
        find=find_empty_downgrades,
        edit=Edit(
            "migrations/versions/0001_identity.py",
            "def downgrade() -> None:\n",
            "def downgrade() -> None:\n    pass\n\n\ndef undo() -> None:\n",
        ),
        bad="def downgrade():\n    pass\n",
        good="def downgrade():\n    op.drop_table('x')\n",
    ),
]
