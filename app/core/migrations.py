"""Functions that apply migrations, and compare a database with the migrations.

The only module that imports Alembic.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import ColumnElement, TableClause, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.elements import KeyedColumnElement

from app.core.config import Settings
from app.core.database import Database
from app.core.revisions import read_history

ROOT = Path(__file__).parent.parent.parent
BATCH_ROWS = 500
"""Number of rows in a batch. A batch locks its rows for some milliseconds."""


class MigrationError(Exception):
    """Raised if the migrations or the database's revision are wrong. The message is one line."""


def configuration() -> Config:
    """Return Alembic's configuration, independent of the current directory."""
    return Config(ROOT / "alembic.ini")


def read_sources(root: Path) -> dict[str, bytes]:
    """Return the source of each migration, by file name."""
    files = (root / "migrations" / "versions").glob("*.py")
    # Alembic ignores Emacs lock files and `__init__.py` too.
    ignored = (".#", "__init__")
    return {file.name: file.read_bytes() for file in files if not file.name.startswith(ignored)}


@cache
def known_revisions() -> tuple[str, ...]:
    """Return the revisions of this code, newest first.

    Raises MigrationError if the migrations do not form one history.
    """
    history = read_history(read_sources(ROOT))
    if history.faults:
        raise MigrationError(" ".join(history.faults))
    return history.newest_first


def newest_revision() -> str:
    """Return the revision that this code migrates to."""
    return known_revisions()[0]


def is_behind(revisions: Collection[str]) -> bool:
    """Return True if a database at these revisions lacks a migration of this code.

    An unknown revision belongs to newer code. It is not behind, because old and new code serve
    requests at the same time during a rollout.
    """
    known = known_revisions()
    return known[0] not in revisions and all(revision in known for revision in revisions)


async def current_revisions(database: Database) -> tuple[str, ...]:
    """Return the database's revisions: one, or none if the database is empty."""
    async with database.transaction(read_only=True) as session:
        connection = await session.connection()
        return await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_heads()
        )


def upgrade(settings: Settings) -> None:
    """Migrate the database of the settings to the newest revision.

    Raises MigrationError if the revisions of this code or of the database do not allow it.
    """
    newest = newest_revision()
    config = configuration()
    config.attributes["settings"] = settings
    try:
        command.upgrade(config, newest)
    except CommandError as error:
        if isinstance(error.__cause__, ResolutionError):
            raise MigrationError(
                f"The database has the revision {error.__cause__.argument}, which this code does "
                "not contain. Migrate with the newer code."
            ) from error
        raise MigrationError(str(error)) from error


@contextmanager
def building_concurrently(index: str) -> Iterator[None]:
    """Run the block, which builds this index, outside of the migration's transaction.

    Other transactions can write during the build. The build waits without a limit for transactions
    that began before it. The invalid index of a failed build is dropped, because it would reject
    duplicates and stop the next run. On SQLite the block runs in the migration's transaction.
    """
    context = op.get_context()
    if context.dialect.name != "postgresql":
        yield
        return
    drop = partial(op.drop_index, index, if_exists=True, postgresql_concurrently=True)
    with context.autocommit_block():
        drop()
        try:
            yield
        except DBAPIError:
            drop()
            raise


def fill_in_batches(
    key: KeyedColumnElement[UUID],
    column: KeyedColumnElement[Any],
    value: ColumnElement[Any],
) -> None:
    """Set `column` to `value` in all rows where it is NULL, in the order of the primary key.

    On PostgreSQL each batch is a transaction of its own, so that other transactions can write. A
    batch skips locked rows. At the end each skipped row is updated alone, after a wait for its
    lock. So another transaction waits for one batch at most, and cannot deadlock with it. If the
    process is killed, the finished batches remain, and the next run continues. On SQLite, which has
    one writer, all batches run in the migration's transaction.
    """
    context = op.get_context()
    if context.as_sql:
        return
    fill = partial(_fill_batch, key, column, value)
    with context.autocommit_block() if context.dialect.name == "postgresql" else nullcontext():
        while True:
            filled = fill(rows=BATCH_ROWS, skip_locked=True)
            while filled:
                filled = fill(key > max(filled), rows=BATCH_ROWS, skip_locked=True)
            if not fill(rows=1, skip_locked=False):
                return


def _fill_batch(
    key: KeyedColumnElement[UUID],
    column: KeyedColumnElement[Any],
    value: ColumnElement[Any],
    *condition: ColumnElement[bool],
    rows: int,
    skip_locked: bool,
) -> Sequence[UUID]:
    """Set `column` to `value` in the first rows where it is NULL, and return their keys."""
    batch = (
        select(key)
        .where(column.is_(None), value.is_not(None), *condition)
        .order_by(key)
        .limit(rows)
        .with_for_update(skip_locked=skip_locked)
        .cte("batch")
    )
    statement = (
        update(cast("TableClause", key.table))
        .where(key.in_(select(batch)))
        .values({column: value})
        .returning(key)
    )
    if op.get_context().dialect.name != "postgresql":
        return op.get_bind().scalars(statement).all()
    with op.get_bind().engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        return connection.scalars(statement).all()
