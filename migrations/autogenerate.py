"""Completion of the migrations that `make migration` generates."""

from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from string import ascii_lowercase
from typing import Any, Literal
from uuid import UUID

from alembic import context
from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op
from alembic.operations.ops import (
    AddColumnOp,
    CreateCheckConstraintOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    DowngradeOps,
    DropTableOp,
    MigrateOperation,
    MigrationScript,
    ModifyTableOps,
    UpgradeOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Column, Date, Enum, Float, Integer, LargeBinary, Numeric, Uuid
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.features import TABLES

PORTABLE_TYPES = {
    "CHAR(32)": "sa.Uuid()",
    "DATETIME": "sa.DateTime(timezone=True)",
    "BLOB": "sa.LargeBinary()",
}
"""Types for those that SQLite reports, because a dropped table is described from the database."""
EXAMPLES: tuple[tuple[type, str], ...] = (
    (Uuid, "UUID(int=1)"),
    (UTCDateTime, "TIME"),
    (Date, "TIME.date()"),
    (Boolean, "True"),
    (Integer, "1"),
    (Float, "1.0"),
    (Numeric, "1"),
    (LargeBinary, 'b"{}"'),
    (JSON, "{}"),
)
"""Code of an example value, by the type of its column. Other columns contain their names."""


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Return plain SQLAlchemy types, because a migration must not depend on later models."""
    if kind == "type":
        if isinstance(item, UTCDateTime):
            return "sa.DateTime(timezone=True)"
        if isinstance(item, AutoString):
            return f"sa.String(length={item.impl_instance.length})"  # type: ignore[attr-defined]  # a String
        if isinstance(item, Enum):
            return f"sa.String(length={item.length})"
        return PORTABLE_TYPES.get(str(item), False)
    return False


def order_drops(scripts: Iterable[MigrationScript]) -> None:
    """Drop tables before the tables that they refer to, and not their indexes before them."""
    for script in scripts:
        if script.upgrade_ops is None or script.downgrade_ops is None:
            continue
        operations = script.upgrade_ops.ops
        drops = {drop.table_name: drop for drop in operations if isinstance(drop, DropTableOp)}
        parents = {
            name: {key.column.table.name for key in drop.to_table().foreign_keys} & drops.keys()
            for name, drop in drops.items()
        }
        children_first = [*TopologicalSorter(parents).static_order()][::-1]
        others = [other for other in operations if getattr(other, "table_name", "") not in drops]
        indexes = [
            index for index in operations if index not in others and index not in drops.values()
        ]
        tables: list[MigrateOperation] = [drops[name] for name in children_first]
        script.upgrade_ops.ops = [*others, *indexes, *tables]
        script.upgrade_ops.reverse_into(script.downgrade_ops)
        script.upgrade_ops.ops = [*others, *tables]


def new_columns(operations: Iterable[MigrateOperation]) -> Iterator[Column[Any]]:
    """Yield the columns of the models that the operations add."""
    for operation in operations:
        match operation:
            case CreateTableOp(table_name=table):
                yield from TABLES.tables[table].columns
            case AddColumnOp(table_name=table, column=Column(name=name)):
                yield TABLES.tables[table].columns[name]
            case ModifyTableOps(ops=changes):
                yield from new_columns(changes)


def example_of(column: Column[Any]) -> str:
    """Return the code of an example value, which refers to the example row of another table."""
    for key in column.foreign_keys:
        for script in context.script.walk_revisions():
            row = getattr(script.module, "EXAMPLE_ROWS", {}).get(key.column.table.name, {})
            if isinstance(value := row.get(key.column.name), UUID):
                return f"UUID(int={value.int})"
    for kind, code in EXAMPLES:
        if isinstance(column.type, kind):
            return code
    if isinstance(column.type, Enum):
        return repr(column.type.enums[0])
    return repr(column.name[: getattr(column.type, "length", None)])


def example_rows(script: MigrationScript) -> str:
    """Return the code of an example value for each new column, by table."""
    rows: dict[str, str] = {}
    for column in new_columns(script.upgrade_ops.ops if script.upgrade_ops else ()):
        values = rows.get(column.table.name, "")
        rows[column.table.name] = f"{values}{column.name!r}: {example_of(column)}, "
    return "".join(f"{table!r}: {{{values}}}, " for table, values in rows.items())


class ConcurrentIndexOp(CreateIndexOp):
    """Creation of an index on a table that other transactions write to."""


@renderers.dispatch_for(ConcurrentIndexOp)
def render_concurrent_index(context: AutogenContext, index: ConcurrentIndexOp) -> list[str]:
    """Return the code that builds an index concurrently."""
    context.imports.add("from app.core.migrations import building_concurrently")
    operation = CreateIndexOp.from_index(index.to_index())
    operation.kw["postgresql_concurrently"] = True
    [creation] = render_op(context, operation)
    return [f"with building_concurrently({index.index_name!r}):", f"    {creation}"]


def avoid_heavy_locks(operations: list[MigrateOperation]) -> list[MigrateOperation]:
    """Add foreign keys and checks to existing tables as NOT VALID.

    Remove the new indexes on existing tables from the operations, and return them.
    """
    created = {table.table_name for table in operations if isinstance(table, CreateTableOp)}
    indexes: list[MigrateOperation] = []
    for change in [*operations]:
        if not isinstance(change, ModifyTableOps) or change.table_name in created:
            continue
        for operation in [*change.ops]:
            if isinstance(operation, CreateForeignKeyOp | CreateCheckConstraintOp):
                operation.kw["postgresql_not_valid"] = True
            elif isinstance(operation, CreateIndexOp):
                change.ops.remove(operation)
                indexes.append(ConcurrentIndexOp.from_index(operation.to_index()))
        if not change.ops:
            operations.remove(change)
    return indexes


def split(script: MigrationScript) -> Iterator[MigrationScript]:
    """Yield the migration, then one for each index on an existing table.

    The build of such an index commits what precedes it. If it failed, a migration of several
    operations could not be applied again.
    """
    operations = script.upgrade_ops.ops if script.upgrade_ops else []
    indexes = avoid_heavy_locks(operations)
    if not operations:
        operations += indexes[:1]
        del indexes[:1]
    yield script
    for letter, index in zip(ascii_lowercase[1:], indexes, strict=False):
        upgrade, downgrade = UpgradeOps([index]), DowngradeOps([])
        upgrade.upgrade_token, downgrade.downgrade_token = "upgrades", "downgrades"
        message = f"{script.message}_index"
        yield MigrationScript(f"{script.rev_id}{letter}", upgrade, downgrade, message=message)


def complete(migration: MigrationContext, _: object, scripts: list[MigrationScript]) -> None:
    """Add what Alembic leaves out of a generated migration."""
    scripts[:] = [part for script in scripts for part in split(script)]
    order_drops(scripts)
    migration.opts["template_args"]["examples"] = {
        script.rev_id: example_rows(script) for script in scripts
    }
