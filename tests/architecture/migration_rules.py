"""Rules about migrations that need Alembic, and Squawk, which reads their SQL."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from app.core.migrations import read_sources
from app.core.revisions import read_history
from guardrails.registry import SOURCE_RULES
from guardrails.rules import Finding, SourceRule
from guardrails.source import Module
from tests.architecture.project import PROJECT

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


def find_faults_of_history(module: Module) -> Iterator[Finding]:
    file = module.path.rpartition("/")[2]
    sources = {**read_sources(module.project.root), file: module.source.encode()}
    for fault in read_history(sources).faults:
        if file in fault:
            yield 1, fault


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


LOCKS = SourceRule(
    name="migrations without heavy locks",
    article=29,
    layers=("migrations",),
    find=find_heavy_locks,
    sample="def upgrade():\n    op.create_index('ix_users_full_name', 'users', ['full_name'])",
)
HISTORY = SourceRule(
    name="one history of migrations",
    article=29,
    layers=("migrations",),
    find=find_faults_of_history,
    sample='down_revision = "none"',
)
RULES = [LOCKS, HISTORY]


def faults_of(source: str) -> list[str]:
    """Return what the rules report about a migration that is in no history."""
    module = Module("migrations/versions/x.py", source, PROJECT)
    rules = [LOCKS, *(rule for rule in SOURCE_RULES if "migrations" in rule.layers)]
    return [message for rule in rules for _, message in rule.find(module)]
