"""Rules about migrations. Squawk, which reads their SQL, finds the statements that lock tables."""

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

from tests.architecture.edits import Edit, prepend, replace_body
from tests.architecture.rules import Finding, SourceRule
from tests.architecture.source import Module

SQUAWK = str(Path(sys.executable).parent / "squawk")
EXCLUDED = (
    "require-lock-timeout",  # migrations/env.py sets it
    "require-statement-timeout",  # not set, because the lock timeout is enough
    "prefer-robust-stmts",  # a revision is one transaction, or uses `building_concurrently`
    "prefer-text-field",  # lengths of VARCHAR work on SQLite too, and widening is instant
    "prefer-bigint-over-int",  # ids are UUIDs
    "ban-drop-column",  # the third release of a change drops what is no longer read
    "ban-drop-table",
)
OPERATION = re.compile(r"\bop\.(?!execute|get_)\w+|\w+_op\.\w+")
"""Operations that change the schema. Plain SQL does not count, because it may do anything."""


def find_heavy_locks(module: Module) -> Iterator[Finding]:
    if not (upgrade := _function(module, "upgrade")):
        return
    command = [SQUAWK, "--reporter", "json", "--stdin-filepath", "upgrade.sql"]
    done = subprocess.run(
        [*command, *(f"--exclude={rule}" for rule in EXCLUDED)],
        input=f"BEGIN;\n{_sql_of(module)}\nCOMMIT;\n",
        capture_output=True,
        text=True,
        check=False,
    )
    for found in json.loads(done.stdout):
        advice = f" {found['help']}" if found["help"] else ""
        yield upgrade.lineno, f"{found['message']}{advice} [{found['rule_name']}]"


def find_empty_downgrades(module: Module) -> Iterator[Finding]:
    for name in ("upgrade", "downgrade"):
        if (function := _function(module, name)) and not OPERATION.search(ast.unparse(function)):
            yield function.lineno, f"`{name}` does not change the schema"


def _function(module: Module, name: str) -> ast.FunctionDef | None:
    functions = module.nodes(ast.FunctionDef)
    return next((function for function in functions if function.name == name), None)


def _sql_of(module: Module) -> str:
    """Return the SQL of the upgrade on PostgreSQL, without a database."""
    names: dict[str, Any] = {}
    # The file name is in brackets, because coverage would look for the file of an example.
    exec(compile(module.tree, f"<{module.path}>", "exec"), names)
    output = StringIO()
    options = {"as_sql": True, "output_buffer": output}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        names["upgrade"]()
    return output.getvalue()


RULES = [
    SourceRule(
        name="migrations without heavy locks",
        article=29,
        see=".claude/skills/change-schema/SKILL.md",
        layers=("migrations",),
        find=find_heavy_locks,
        edit=Edit(
            "0001_*:upgrade",
            prepend("op.create_index('ix_users_full_name', 'users', ['full_name'])"),
        ),
    ),
    SourceRule(
        name="real downgrades",
        article=29,
        see="0001_*:downgrade",
        layers=("migrations",),
        find=find_empty_downgrades,
        edit=Edit("0001_*:downgrade", replace_body("pass")),
    ),
]
