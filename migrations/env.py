"""Alembic environment, which migrates the database of the settings, one process at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic import context
from sqlalchemy import Connection, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.config import Settings
from app.core.database_engine import create_engine
from app.core.migrations import MigrationError
from app.features import TABLES
from migrations.autogenerate import complete, render_item

CONNECTIONS = 3
"""Number of connections: for the lock, for the migrations, and for filling rows in batches."""
LOCK_KEY = 727272
LOCK_POLL_SECONDS = 0.1
SQLITE_BUSY_TIMEOUT_MS = 3_600_000
"""Maximum time to wait for another migrator, which is SQLite's only writer meanwhile."""
LOCK_TIMEOUT = "5s"
"""Maximum time that a migration waits for a table, because other transactions queue behind it."""


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
