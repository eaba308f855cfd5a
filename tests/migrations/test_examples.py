"""Example migrations of the skill `change-schema`, run as written and beside other writers."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core import migrations
from app.core.database_engine import create_engine
from app.core.ids import new_id
from tests.architecture.migration_rules import faults_of
from tests.migrations.database import MigratedDatabase

GUIDE = (migrations.ROOT / ".claude" / "skills" / "change-schema" / "SKILL.md").read_text("utf-8")
FILL, CONSTRAINT = re.findall(r"(?ms)^```python\n(.+?)^```$", GUIDE)
EXPAND = "op.add_column('users', sa.Column('display_name', sa.String(length=254), nullable=True))"
USERS = 7
BATCH_ROWS = 2
MAX_WAIT_SECONDS = 30

INSERT = text("""
    INSERT INTO users (id, email, password_hash, role, is_active, created_at)
    VALUES (:id, :email, '$argon2id$', 'user', true, '2000-01-01 00:00:00+00:00')
""")
UNFILLED = text("SELECT email FROM users WHERE display_name IS NULL ORDER BY email")
LOG_IN = [
    text("SELECT id FROM users WHERE email = :email FOR UPDATE"),
    text("UPDATE users SET password_hash = '$argon2id$new' WHERE email = :email"),
]
WAITING_FOR_A_ROW = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%batch%'
""")

pytestmark = pytest.mark.usefixtures("small_batches")
on_postgresql = pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ, reason="SQLite has one writer, and no row locks"
)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "BATCH_ROWS", BATCH_ROWS)


def add_users(connection: Connection, *, first: int = 0, count: int = USERS) -> None:
    """Add users with numbered addresses, as code does that predates display names."""
    for number in range(first, first + count):
        connection.execute(INSERT, {"id": new_id().hex, "email": f"{number}@example.com"})


async def prepare(database: MigratedDatabase, example: str) -> str:
    """Write the example after a migration that adds its column, and users without a value.

    Return the revision before the example.
    """
    database.add_revision(EXPAND)
    await database.upgrade()
    await database.run(add_users)
    return database.add_migration(example)


async def unfilled(database: MigratedDatabase) -> list[str]:
    """Return the addresses of the users that have no display name."""
    return [*await database.run(lambda connection: connection.scalars(UNFILLED).all())]


async def log_in(connection: AsyncConnection, number: int) -> None:
    """Execute the statements of a log-in that replaces the hash. Fail if a lock blocks them."""
    await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
    for statement in LOG_IN:
        await connection.execute(statement, {"email": f"{number}@example.com"})


@asynccontextmanager
async def transaction() -> AsyncIterator[AsyncConnection]:
    """Open a transaction beside the migration."""
    engine = create_engine(os.environ["DATABASE_URL"], pool_size=1)
    async with engine.begin() as connection:
        yield connection
    await engine.dispose()


@pytest.mark.parametrize("example", [FILL, CONSTRAINT], ids=["fill", "constraint"])
def test_an_example_breaks_no_rule_about_migrations(example: str) -> None:
    assert faults_of(example) == []


async def test_the_fill_can_be_undone_and_applied_again(database: MigratedDatabase) -> None:
    before = await prepare(database, FILL)

    await database.upgrade()
    await database.downgrade(before)
    await database.run(lambda connection: add_users(connection, first=USERS, count=1))
    await database.upgrade()

    assert await unfilled(database) == []


async def test_a_row_without_a_value_in_the_column_is_rejected_after_the_fill(
    database: MigratedDatabase,
) -> None:
    await prepare(database, FILL)
    await database.upgrade()

    with pytest.raises(IntegrityError, match="ck_users_display_name_present"):
        await database.run(lambda connection: add_users(connection, first=USERS, count=1))


async def test_a_fill_terminates_if_some_rows_get_no_value(database: MigratedDatabase) -> None:
    await prepare(
        database,
        FILL.replace(
            "sa.func.coalesce(users.c.full_name, users.c.email)", "users.c.full_name"
        ).partition("    with op")[0],
    )

    async with asyncio.timeout(MAX_WAIT_SECONDS):
        await database.upgrade()

    assert len(await unfilled(database)) == USERS


@on_postgresql
async def test_a_fill_skips_rows_locked_by_a_log_in_and_does_not_deadlock_with_it(
    database: MigratedDatabase,
) -> None:
    await prepare(database, FILL)

    async with (
        asyncio.timeout(MAX_WAIT_SECONDS),
        asyncio.TaskGroup() as group,
        transaction() as connection,
    ):
        await log_in(connection, 3)
        group.create_task(database.upgrade())
        while await unfilled(database) != ["3@example.com"]:
            pass
        await database.run(lambda sync: add_users(sync, first=USERS, count=1))
        for number in (0, USERS - 1):
            await log_in(connection, number)

    assert await unfilled(database) == []


@on_postgresql
async def test_a_fill_that_was_interrupted_keeps_its_batches_and_continues_on_the_next_run(
    database: MigratedDatabase,
) -> None:
    await prepare(database, FILL)

    async with asyncio.timeout(MAX_WAIT_SECONDS), transaction() as connection:
        await log_in(connection, 3)
        fill = asyncio.create_task(database.upgrade())
        while not await database.run(lambda sync: sync.scalars(WAITING_FOR_A_ROW).all()):
            pass
        with pytest.raises(DBAPIError):
            await fill
    kept = await unfilled(database)
    await database.upgrade()

    assert (kept, await unfilled(database)) == (["3@example.com"], [])


async def test_the_constraint_can_be_undone_and_applied_again(database: MigratedDatabase) -> None:
    before = await prepare(database, CONSTRAINT)

    def names(connection: Connection) -> set[str | None]:
        constraints = inspect(connection).get_unique_constraints("users")
        return {constraint["name"] for constraint in constraints}

    await database.upgrade()
    upper = await database.run(names)
    await database.downgrade(before)
    lower = await database.run(names)
    await database.upgrade()

    assert upper - lower == {"uq_users_display_name"}
    assert await database.run(names) == upper


async def test_duplicate_values_fail_the_constraint_migration_and_leave_no_index(
    database: MigratedDatabase,
) -> None:
    await prepare(database, CONSTRAINT)
    same = text("UPDATE users SET display_name = 'Ada'")
    await database.run(lambda connection: connection.execute(same))
    before = await database.run(lambda connection: inspect(connection).get_indexes("users"))

    with pytest.raises(IntegrityError):
        await database.upgrade()

    assert await database.run(lambda sync: inspect(sync).get_indexes("users")) == before
