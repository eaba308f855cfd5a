"""Replacement of all migrations by one, for a service that has no database yet."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = '''"""The first tables.

Revision: 0001
Follows: nothing
"""

{imports}

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

{constants}

EXAMPLE_ROWS: dict[str, dict[str, object]] = {{
{rows}
}}
"""Values of all new columns, by table, with which the tests fill them."""


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''
IDENTIFIERS = ("revision", "down_revision", "branch_labels", "depends_on")


@dataclass(frozen=True)
class Migration:
    """One migration, with its source."""

    source: str

    @property
    def body(self) -> list[ast.stmt]:
        """Statements of the module."""
        return ast.parse(self.source).body

    def values(self) -> dict[str, ast.expr]:
        """Return the values that the module assigns, by name."""
        found: dict[str, ast.expr] = {}
        for node in self.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = node.value
            elif (
                isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value
            ):
                found[node.target.id] = node.value
        return found

    def identifier(self, name: str) -> str | None:
        """Return the value of `revision` or `down_revision`."""
        value: str | None = ast.literal_eval(self.values()[name])
        return value

    def text(self, node: ast.AST) -> str:
        """Return the source of a node, with the indentation of its first line."""
        return ast.get_source_segment(self.source, node, padded=True) or ""

    def statements(self, function: str, *, without: Collection[str]) -> list[str]:
        """Return the statements of a function, except those about some tables."""
        [found] = [
            node
            for node in self.body
            if isinstance(node, ast.FunctionDef) and node.name == function
        ]
        kept = [
            node
            for node in found.body
            if not isinstance(node, ast.Pass) and not _strings(node) & {*without}
        ]
        return [f"    {self.text(node).lstrip()}" for node in kept]

    def rows(self, *, without: Collection[str]) -> Iterator[str]:
        """Yield the items of EXAMPLE_ROWS, except those of some tables."""
        rows = self.values().get("EXAMPLE_ROWS")
        for key, value in (
            zip(rows.keys, rows.values, strict=True) if isinstance(rows, ast.Dict) else ()
        ):
            if key and not _strings(key) & {*without}:
                yield f"{self.text(key).strip()}: {self.text(value).strip()},"


def _strings(node: ast.AST) -> set[str]:
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def merge(sources: Collection[str], *, without: Collection[str]) -> str:
    """Return one migration that does what all do, except for the tables to leave out."""
    migrations = _in_order([Migration(source) for source in sources])
    imports = {
        migration.text(node)
        for migration in migrations
        for node in migration.body
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    constants: dict[str, str] = {}
    for migration in migrations:
        for name, value in migration.values().items():
            if name not in (*IDENTIFIERS, "EXAMPLE_ROWS"):
                text = migration.text(value).strip()
                if constants.setdefault(name, text) != text:
                    raise ValueError(f"Two migrations give `{name}` different values: rename one.")
    return HEADER.format(
        imports="\n".join(sorted(imports)),
        constants="\n".join(f"{name} = {value}" for name, value in constants.items()),
        rows="\n".join(row for migration in migrations for row in migration.rows(without=without)),
        upgrade="\n".join(
            line
            for migration in migrations
            for line in migration.statements("upgrade", without=without)
        ),
        downgrade="\n".join(
            line
            for migration in reversed(migrations)
            for line in migration.statements("downgrade", without=without)
        ),
    )


def _in_order(migrations: list[Migration]) -> list[Migration]:
    """Return the migrations in the order in which they are applied."""
    following = {migration.identifier("down_revision"): migration for migration in migrations}
    ordered: list[Migration] = []
    while (
        following_one := following.get(ordered[-1].identifier("revision") if ordered else None)
    ) is not None:
        ordered.append(following_one)
    if len(ordered) < len(migrations):
        raise ValueError("The migrations have several heads: merge them first.")
    return ordered


def replace_all(folder: Path, *, without: Collection[str]) -> Path:
    """Replace the migrations in a folder by one, without some tables. Return its path."""
    files = sorted(folder.glob("*.py"))
    merged = merge([file.read_text() for file in files], without=without)
    for file in files:
        file.unlink()
    path = folder / "0001_initial.py"
    path.write_text(merged)
    return path
