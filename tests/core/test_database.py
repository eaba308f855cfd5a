"""What a driver's errors become."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlmodel import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database, create_engine
from app.core.errors import InvalidInput, ServiceUnavailable
from app.core.resources import Resources
from app.models.users import Role, User


@pytest.fixture
async def database(live_resources: Resources) -> AsyncIterator[Database]:
    """A pool of its own on the worker's database, for connections that are left impatient."""
    url = live_resources.settings.database_url.get_secret_value()
    engine = create_engine(url, pool_size=2)
    yield Database(engine, capacity=2)
    await engine.dispose()


def is_sqlite(database: Database) -> bool:
    """Whether the suite runs on SQLite."""
    return database.engine.dialect.name == "sqlite"


async def execute(session: AsyncSession, statement: str) -> None:
    """Run plain SQL."""
    await (await session.connection()).execute(text(statement))


async def test_waiting_for_a_lock_too_long_is_a_503(database: Database) -> None:
    sqlite = is_sqlite(database)
    lock = "DELETE FROM users" if sqlite else "LOCK TABLE users"
    impatience = "PRAGMA busy_timeout = 20" if sqlite else "SET LOCAL lock_timeout = '20ms'"

    async with database.transaction() as holder:
        await execute(holder, lock)
        with pytest.raises(ServiceUnavailable):
            async with database.transaction(read_only=True) as waiter:
                await execute(waiter, impatience)
                await execute(waiter, lock)


async def test_a_lost_connection_is_a_503_and_the_next_one_works(database: Database) -> None:
    if is_sqlite(database):
        pytest.skip("an embedded database has no connection to lose")

    with pytest.raises(ServiceUnavailable):
        async with database.transaction() as session:
            await execute(session, "SELECT pg_terminate_backend(pg_backend_pid())")

    async with database.transaction() as session:
        await execute(session, "SELECT 1")


async def test_a_value_that_the_database_cannot_store_is_a_422(database: Database) -> None:
    if is_sqlite(database):
        pytest.skip("SQLite stores it")
    values = {"email": "ada@example.com", "password_hash": "\0", "role": Role.USER}

    with pytest.raises(InvalidInput):
        async with database.transaction() as session:
            await session.exec(insert(User).values(values))


async def test_a_fault_of_ours_stays_what_it_is(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table"):
        async with database.transaction() as session:
            await execute(session, "SELECT 1 FROM no_such_table")
