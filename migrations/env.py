"""Runs migrations on the database of the settings, one process at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Enum, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.core.config import Settings
from app.core.database_engine import create_engine
from app.core.migrations import MigrationError
from app.core.tables import Base

CONNECTIONS = 3
"""One holds the lock, one runs the migrations, one fills rows in batches."""
LOCK_KEY = 727272
LOCK_POLL_SECONDS = 0.1
SQLITE_BUSY_TIMEOUT_MS = 3_600_000
"""Maximum time to wait for another migrator, which is the one writer of SQLite meanwhile."""
LOCK_TIMEOUT = "5s"
"""Maximum time that a migration waits for a table, because other transactions wait behind it."""


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write plain SQLAlchemy types: a migration must outlive the model that it was made from."""
    if kind == "type":
        if isinstance(item, UTCDateTime):
            return "sa.DateTime(timezone=True)"
        if isinstance(item, AutoString):
            return f"sa.String(length={item.impl_instance.length})"  # type: ignore[attr-defined]  # a String
        if isinstance(item, Enum):
            return f"sa.String(length={item.length})"
    return False


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction, except what asks to run outside of it."""
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=sqlite,
        compare_server_default=True,
        transactional_ddl=True,  # on SQLite too, where Alembic does not expect it of the driver
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    # Nothing may be executed before: Alembic would take the transaction for the caller's, and would
    # commit nothing.
    with context.begin_transaction():
        context.run_migrations()
        if sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise MigrationError(f"The migrations break foreign keys in {broken}.")


def configure(engine: AsyncEngine) -> None:
    """Set how long migrations wait for locks."""
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine.sync_engine, "connect")
        def on_connect(connection: DBAPIConnection, _: object) -> None:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_TIMEOUT_MS}")
            cursor.close()
    else:

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: Connection) -> None:
            # Not of the session: behind a pooler the next client would get it. An index that is
            # built concurrently is outside of all transactions, and waits without a limit.
            if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


@asynccontextmanager
async def migrators_lock(engine: AsyncEngine) -> AsyncIterator[None]:
    """Wait until no other process migrates the database, and let others wait meanwhile.

    The lock belongs to an open transaction on a connection of its own, so that it ends with the
    process and a pooler cannot keep it. An index that is built concurrently waits for all older
    snapshots. So the lock's transaction is READ COMMITTED, which has none while it is idle, and a
    process that waits has no transaction open.
    """
    if engine.dialect.name == "sqlite":  # which has one writer, and migrates in one transaction
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
