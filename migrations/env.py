"""Runs migrations, on a connection that is given or on one of the settings' database."""

import asyncio
import time
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Enum, text
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.core.config import Settings
from app.core.database_engine import create_engine
from app.core.migrations import LOCK_TIMEOUT
from app.models import Base

LOCK_KEY = 727272
"""Of all migrators that start at once, one works and the others wait for it."""
LOCK_POLL_SECONDS = 0.1


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
    """Run the migrations in one transaction, but for what asks to stand outside."""
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
    with context.begin_transaction():
        if not sqlite:
            # Not before: after any statement Alembic takes the transaction for someone else's,
            # and commits nothing. The limits of requests are too short for migrations.
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
            connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            # Of the session: an index that is built concurrently ends the transaction. And asked
            # for again and again: it would wait for the snapshot of one who waits for the lock.
            while not connection.scalar(text(f"SELECT pg_try_advisory_lock({LOCK_KEY})")):
                time.sleep(LOCK_POLL_SECONDS)
        context.run_migrations()
        if sqlite:
            broken = connection.execute(text("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"Foreign keys are broken in {broken}")


async def migrate_database() -> None:
    """Run the migrations on the database of the settings."""
    settings = Settings()
    engine = create_engine(
        settings.database_url.get_secret_value(),
        pool_size=1,
        pooler=settings.database_pooler,
        for_migrations=True,
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    migrate(given)
else:
    asyncio.run(migrate_database())
