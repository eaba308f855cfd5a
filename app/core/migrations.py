"""Migrations: applied, and asked whether they are. The only place that imports alembic."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.core.database import Database

ROOT = Path(__file__).parent.parent.parent


def configuration() -> Config:
    """Alembic's configuration, wherever the process was started."""
    return Config(ROOT / "alembic.ini")


@cache
def newest_revision() -> str | None:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


async def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None when it is empty."""
    async with database.transaction(read_only=True) as session:
        connection = await session.connection()
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )


def upgrade() -> None:
    """Bring the database of the settings to the newest revision."""
    command.upgrade(configuration(), "head")
