"""Alembic environment, which migrates the database of the settings, one process at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from graphlib import TopologicalSorter
from typing import Any, Literal
from uuid import UUID

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    CreateTableOp,
    DropTableOp,
    MigrateOperation,
    MigrationScript,
    ModifyTableOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Enum,
    Integer,
    LargeBinary,
    Uuid,
    event,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.core.config import Settings
from app.core.database_engine import create_engine
from app.core.migrations import MigrationError
from app.features import TABLES

CONNECTIONS = 3
"""Number of connections: for the lock, for the migrations, and for filling rows in batches."""
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
    (LargeBinary, 'b"{}"'),
    (JSON, "{}"),
)
"""Code of an example value, by the type of its column. Other columns are strings."""
LOCK_KEY = 727272
LOCK_POLL_SECONDS = 0.1
SQLITE_BUSY_TIMEOUT_MS = 3_600_000
"""Maximum time to wait for another migrator, which is SQLite's only writer meanwhile."""
LOCK_TIMEOUT = "5s"
"""Maximum time that a migration waits for a table, because other transactions queue behind it."""


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
    return repr(column.type.enums[0] if isinstance(column.type, Enum) else column.name)


def example_rows(scripts: Iterable[MigrationScript]) -> str:
    """Return the code of an example value for each new column, by table."""
    rows: dict[str, str] = {}
    for script in scripts:
        for column in new_columns(script.upgrade_ops.ops if script.upgrade_ops else ()):
            values = rows.get(column.table.name, "")
            rows[column.table.name] = f"{values}{column.name!r}: {example_of(column)}, "
    return "".join(f"{table!r}: {{{values}}}, " for table, values in rows.items())


def complete(migration: MigrationContext, _: object, scripts: list[MigrationScript]) -> None:
    """Add what Alembic leaves out of a generated migration."""
    order_drops(scripts)
    migration.opts["template_args"]["examples"] = example_rows(scripts)


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction, except for blocks that require autocommit."""
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=TABLES,
        render_item=render_item,
        render_as_batch=sqlite,
        compare_server_default=True,
        process_revision_directives=complete,
        transactional_ddl=True,  # also on SQLite, for which Alembic's default is False
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    # Execute nothing before this line. Otherwise Alembic treats the transaction as the caller's and
    # does not commit it.
    with context.begin_transaction():
        context.run_migrations()
        if sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise MigrationError(f"The migrations break foreign keys in {broken}.")


def configure(engine: AsyncEngine) -> None:
    """Set the lock timeouts of migrations."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def on_connect(connection: DBAPIConnection, _: object) -> None:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
            cursor.close()
    else:

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: Connection) -> None:
            # Not for the session, because behind a pooler the next client would get the timeout. An
            # index that is built concurrently is outside of transactions, and waits without limit.
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


@asynccontextmanager
async def migrators_lock(engine: AsyncEngine) -> AsyncIterator[None]:
    """Wait until no other process migrates the database, and block others inside the context.

    The lock belongs to an open transaction on its own connection, so that it ends with the process
    and a pooler cannot keep it. An index that is built concurrently waits for all older snapshots.
    So the lock's transaction is READ COMMITTED, which has no snapshot while it is idle, and a
    waiting process has no open transaction.
    """
    if engine.dialect.name == "sqlite":  # has one writer, and migrates in one transaction
        yield
        return
    while True:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="READ COMMITTED")
            if await connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({LOCK_KEY})")):
                # The driver leaves the query's portal open, and with it a snapshot. This closes it.
                await connection.execute(text("CLOSE ALL"))
                yield
                return
        await asyncio.sleep(LOCK_POLL_SECONDS)


async def migrate_database(settings: Settings) -> None:
    """Run the migrations on the database of the settings."""
    engine = create_engine(
        settings.database_url.get_secret_value(),
        pool_size=CONNECTIONS,
        pooler=settings.database_pooler,
        for_migrations=True,
    )
    configure(engine)
    try:
        async with migrators_lock(engine), engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


asyncio.run(migrate_database(context.config.attributes.get("settings") or Settings()))
