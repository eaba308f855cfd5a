"""Transactions of migrations: atomicity, preserved rows, timeouts and locks."""

import os

import pytest
from sqlalchemy import Connection, inspect, text

from app.core.migrations import MigrationError
from tests.migrations.catalog import read_schema
from tests.migrations.database import MigratedDatabase
from tests.migrations.rows import add_rows, read_values

on_postgresql = pytest.mark.skipif(
    "TEST_DATABASE_URL" not in os.environ, reason="SQLite migrates in one transaction"
)


def limit_the_database(connection: Connection) -> None:
    """Set timeouts for all sessions of the database that are too short for migrations."""
    database = connection.scalar(text("SELECT current_database()"))
    for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
        connection.execute(text(f"ALTER DATABASE {database} SET {name} = 1"))


async def test_a_change_to_a_parent_table_keeps_its_child_rows(database: MigratedDatabase) -> None:
    await database.upgrade()
    await database.run(add_rows)
    stored = await database.run(read_values)
    database.add_revision(
        "with op.batch_alter_table('users') as users:",
        "    users.alter_column('full_name', type_=sa.String(length=100))",
    )

    await database.upgrade()

    assert await database.run(read_values) == stored


async def test_a_failing_migration_undoes_the_earlier_ones(database: MigratedDatabase) -> None:
    await database.upgrade()
    schema = await database.run(read_schema)
    database.add_revision("op.create_table('first', sa.Column('id', sa.Uuid()))")
    database.add_revision(
        "op.create_table('second', sa.Column('id', sa.Uuid()))",
        "raise RuntimeError('half way')",
    )

    with pytest.raises(RuntimeError, match="half way"):
        await database.upgrade()

    assert await database.run(read_schema) == schema


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="PostgreSQL enforces foreign keys")
async def test_a_migration_that_breaks_foreign_keys_is_undone(database: MigratedDatabase) -> None:
    await database.upgrade()
    await database.run(add_rows)
    stored = await database.run(read_values)
    database.add_revision("op.execute('DELETE FROM users')")

    with pytest.raises(MigrationError, match="The migrations break foreign keys"):
        await database.upgrade()

    assert await database.run(read_values) == stored


@on_postgresql
async def test_a_migration_sets_its_own_timeouts_and_resets_them_outside_its_transaction(
    database: MigratedDatabase,
) -> None:
    await database.run(limit_the_database)
    database.add_revision(
        "def limits():",
        "    names = ('statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout')",
        "    return [op.get_bind().scalar(sa.text(f'SHOW {name}')) for name in names]",
        "within = limits()",
        "with op.get_context().autocommit_block():",
        "    outside = limits()",
        "raise RuntimeError(f'{within} {outside}')",
    )

    with pytest.raises(RuntimeError) as raised:
        await database.upgrade()

    assert str(raised.value) == "['0', '0', '5s'] ['0', '0', '0']"


@pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="PostgreSQL has a lock for migrators")
async def test_a_migrator_waits_an_hour_for_another_one_on_sqlite(
    database: MigratedDatabase,
) -> None:
    database.add_revision(
        "limit = op.get_bind().scalar(sa.text('PRAGMA busy_timeout'))",
        "raise RuntimeError(f'The limit is {limit}')",
    )

    with pytest.raises(RuntimeError, match=r"The limit is 3600000$"):
        await database.upgrade()


async def test_an_index_can_be_built_concurrently(database: MigratedDatabase) -> None:
    await database.upgrade()
    await database.run(add_rows)
    database.add_revision(
        "from app.core.migrations import building_concurrently",
        "with building_concurrently('concurrent'):",
        "    op.create_index('concurrent', 'users', ['role'], postgresql_concurrently=True)",
        "op.create_index('within', 'users', ['is_active'])",
    )

    await database.upgrade()

    indexes = await database.run(lambda connection: inspect(connection).get_indexes("users"))
    assert {"concurrent", "within"} <= {index["name"] for index in indexes}


@on_postgresql
async def test_an_index_that_was_left_half_built_is_rebuilt(database: MigratedDatabase) -> None:
    await database.upgrade()
    await database.run(lambda connection: connection.execute(text("CREATE INDEX i ON users (id)")))
    database.add_revision(
        "from app.core.migrations import building_concurrently",
        "with building_concurrently('i'):",
        "    op.create_index('i', 'users', ['role'], postgresql_concurrently=True)",
        "limit = op.get_bind().scalar(sa.text('SHOW lock_timeout'))",
        "op.create_table(f'within_{limit}', sa.Column('id', sa.Uuid()))",
    )

    await database.upgrade()

    indexes = await database.run(lambda connection: inspect(connection).get_indexes("users"))
    tables = await database.run(lambda connection: inspect(connection).get_table_names())
    assert [index["column_names"] for index in indexes if index["name"] == "i"] == [["role"]]
    assert "within_5s" in tables
