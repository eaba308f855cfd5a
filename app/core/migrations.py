"""Migrations: applied, and asked whether they are. The only place that imports alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.core.database import Database

ROOT = Path(__file__).parent.parent.parent
LOCK_TIMEOUT = "5s"
"""How long a migration waits for a table; meanwhile others wait behind it."""


def configuration() -> Config:
    """Alembic's configuration, wherever the process was started."""
    return Config(ROOT / "alembic.ini")


@cache
def known_revisions() -> list[str]:
    """The revisions of this code, newest first."""
    scripts = ScriptDirectory.from_config(configuration())
    return [script.revision for script in scripts.walk_revisions()]


def newest_revision() -> str:
    """The revision that this code migrates to."""
    return known_revisions()[0]


def is_behind(revision: str | None) -> bool:
    """Whether a database at this revision lacks a migration of this code.

    One that it does not know is of newer code: while that is rolled out, both of them serve.
    """
    return revision is None or revision in known_revisions()[1:]


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


@contextmanager
def building_concurrently(index: str) -> Iterator[None]:
    """In a migration: outside of its transaction, where PostgreSQL builds an index while others
    write. It waits for all that are at work, however long that takes. What an attempt that failed
    has left goes first, so that the migration can be run again.
    """
    context = op.get_context()
    with context.autocommit_block():
        if context.dialect.name == "postgresql":
            op.execute("SET lock_timeout = 0")
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")
        yield
        if context.dialect.name == "postgresql":
            op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
