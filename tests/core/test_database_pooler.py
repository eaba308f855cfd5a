"""Transactions behind a connection pooler, which leave no state in the server's session."""

import os
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database
from app.core.database_engine import POSTGRESQL_SETTINGS, create_engine
from app.runtime.resources import Resources
from tests.conftest import with_parameters

pytestmark = pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ, reason="SQLite has no pooler"
)


@pytest.fixture
async def pooled(live_resources: Resources) -> AsyncIterator[Database]:
    """Yield a database configured for a pooler, with one connection."""
    url = live_resources.settings.database_url.get_secret_value()
    engine = create_engine(url, pool_size=1, pooler=True)
    yield Database(engine, capacity=1)
    await engine.dispose()


async def fetch(session: AsyncSession, statement: str) -> list[object]:
    """Return the first column of the result."""
    return list((await (await session.connection()).execute(text(statement))).scalars())


async def test_timeouts_behind_a_pooler_apply_to_one_transaction_only(pooled: Database) -> None:
    async with pooled.transaction() as session:
        within = {name: await fetch(session, f"SHOW {name}") for name in POSTGRESQL_SETTINGS}
        raw = await (await session.connection()).get_raw_connection()
        driver = raw.driver_connection
    assert driver is not None
    after = {name: await driver.fetchval(f"SHOW {name}") for name in POSTGRESQL_SETTINGS}

    assert within == {name: [value] for name, value in POSTGRESQL_SETTINGS.items()}
    assert after == dict.fromkeys(POSTGRESQL_SETTINGS, "0")


async def test_a_read_behind_a_pooler_sets_no_timeout(pooled: Database) -> None:
    async with pooled.transaction(read_only=True) as session:
        ids = [
            *await fetch(session, "SELECT txid_current()"),
            *await fetch(session, "SELECT txid_current()"),
        ]
        limit = await fetch(session, "SHOW statement_timeout")

    assert len(set(ids)) == 2
    assert limit == ["0"]


async def test_no_prepared_statement_remains_behind_a_pooler(pooled: Database) -> None:
    async with pooled.transaction() as session:
        for number in range(3):
            await fetch(session, f"SELECT id FROM users LIMIT {number}")
    async with pooled.transaction() as session:
        prepared = await fetch(session, "SELECT name FROM pg_prepared_statements")

    assert prepared == []


async def test_a_timeout_in_the_options_of_the_database_url_takes_precedence(
    live_resources: Resources,
) -> None:
    stored = live_resources.settings.database_url.get_secret_value()
    url = with_parameters(stored, options="-c statement_timeout=77s")
    for pooler in (False, True):
        engine = create_engine(url, pool_size=1, pooler=pooler)
        async with Database(engine, capacity=1).transaction() as session:
            limit = await fetch(session, "SHOW statement_timeout")
        await engine.dispose()

        assert limit == ["77s"]
