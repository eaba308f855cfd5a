"""Errors of the database driver, and the errors of the application that they become."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import database_engine
from app.core.database import Database
from app.core.database_engine import create_engine
from app.core.errors import InvalidInput, ServiceUnavailable
from app.core.logging import get_logger
from app.runtime.resources import Resources
from app.users.models import Role, User
from tests.support.isolation import captured_log

needs_server = pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="needs a server")


@pytest.fixture
async def database(live_resources: Resources) -> AsyncIterator[Database]:
    """Yield a separate pool on the worker's database, because the tests change its timeouts."""
    url = live_resources.settings.database_url.get_secret_value()
    engine = create_engine(url, pool_size=2)
    yield Database(engine, capacity=2)
    await engine.dispose()


async def execute(session: AsyncSession, statement: str) -> None:
    await (await session.connection()).execute(text(statement))


async def test_waiting_for_a_lock_too_long_is_a_503(database: Database) -> None:
    sqlite = database.engine.dialect.name == "sqlite"
    lock = "DELETE FROM users" if sqlite else "LOCK TABLE users"
    short_timeout = "PRAGMA busy_timeout = 20" if sqlite else "SET LOCAL lock_timeout = '20ms'"

    async with database.transaction() as holder:
        await execute(holder, lock)
        with pytest.raises(ServiceUnavailable):
            # On SQLite, a writer would already wait at its BEGIN.
            async with database.transaction(read_only=sqlite) as waiter:
                await execute(waiter, short_timeout)
                await execute(waiter, lock)


@needs_server
async def test_a_lost_connection_is_a_503_and_the_next_transaction_works(
    database: Database,
) -> None:
    with pytest.raises(ServiceUnavailable):
        async with database.transaction() as session:
            await execute(session, "SELECT pg_terminate_backend(pg_backend_pid())")

    async with database.transaction() as session:
        await execute(session, "SELECT 1")


@needs_server
async def test_a_connection_that_was_lost_while_idle_is_not_used_again(database: Database) -> None:
    async with database.transaction() as killer:
        await execute(killer, "SELECT 1")
        async with database.transaction() as session:
            connection = await (await session.connection()).get_raw_connection()
            idle: Any = connection.driver_connection
        await execute(killer, f"SELECT pg_terminate_backend({idle.get_server_pid()})")
        while not idle.is_closed():
            await execute(killer, "SELECT 1")

    for _ in range(2):
        async with database.transaction() as session:
            await execute(session, "SELECT 1")


@needs_server
@pytest.mark.parametrize("for_migrations", [False, True])
async def test_a_statement_that_hangs_is_a_503_except_in_a_migration(
    live_resources: Resources, monkeypatch: pytest.MonkeyPatch, *, for_migrations: bool
) -> None:
    monkeypatch.setattr(database_engine, "COMMAND_SECONDS", 0.1)
    url = live_resources.settings.database_url.get_secret_value()
    engine = create_engine(url, pool_size=1, for_migrations=for_migrations)

    with nullcontext() if for_migrations else pytest.raises(ServiceUnavailable):
        async with Database(engine, capacity=1).transaction() as session:
            await execute(session, "SELECT pg_sleep(0.5)")

    await engine.dispose()


@needs_server
async def test_a_value_that_the_database_cannot_store_is_a_422(database: Database) -> None:
    values = {"email": "ada@example.com", "password_hash": "\0", "role": Role.USER}

    with pytest.raises(InvalidInput):
        async with database.transaction() as session:
            await session.exec(insert(User).values(values))


async def test_a_statement_with_a_syntax_error_raises_the_error_of_the_driver(
    database: Database,
) -> None:
    with pytest.raises(DBAPIError, match="syntax"):
        async with database.transaction() as session:
            await execute(session, "SELECT FROM FROM")


async def test_a_missing_file_inside_a_transaction_is_not_a_database_error(
    database: Database,
) -> None:
    with pytest.raises(FileNotFoundError):
        async with database.transaction():
            raise FileNotFoundError


async def test_the_log_of_a_constraint_violation_contains_no_values_of_the_row(
    database: Database,
) -> None:
    values = {"email": "Ada@example.com", "password_hash": "secret-hash", "role": Role.USER}

    with captured_log() as log:
        try:
            async with database.transaction() as session:
                await session.exec(insert(User).values(values))
        except IntegrityError:
            get_logger("app.tests").exception("refused")

    [line] = log.lines
    assert "IntegrityError" in line["exception"]
    assert "secret-hash" not in log.text
    assert "Ada@example.com" not in log.text


@needs_server
@pytest.mark.parametrize(("read_only", "transactions"), [(True, 2), (False, 1)])
async def test_a_read_only_transaction_on_postgresql_commits_each_statement_separately(
    database: Database, *, read_only: bool, transactions: int
) -> None:
    statement = text("SELECT txid_current()")

    async with database.transaction(read_only=read_only) as session:
        connection = await session.connection()
        ids = [await connection.scalar(statement) for _ in range(2)]

    assert len(set(ids)) == transactions


async def test_a_new_sqlite_database_opens_while_another_connection_blocks_its_wal_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_engine, "SQLITE_BUSY_TIMEOUT_MS", 1)
    reader = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    reader.execute("CREATE TABLE t (id)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM t").fetchall()
    engine = create_engine(f"sqlite:///{tmp_path / 'new.db'}", pool_size=1)

    async with engine.connect() as connection:
        await connection.execution_options(read_only=True)
        count = (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one()

    assert count == 0
    reader.close()
    await engine.dispose()
