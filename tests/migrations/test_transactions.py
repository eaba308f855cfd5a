"""A migration happens as a whole or not at all, and costs no rows."""

import os
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

import pytest
from sqlalchemy import inspect, text

from app.core import migrations
from tests.migrations.catalog import read_schema
from tests.migrations.database import MigratedDatabase
from tests.migrations.rows import add_rows, read_values

MIGRATORS = 3


async def test_a_changed_parent_table_keeps_its_children(database: MigratedDatabase) -> None:
    await database.upgrade()
    await database.run(add_rows)
    stored = await database.run(read_values)
    database.add_revision(
        "with op.batch_alter_table('users') as users:",
        "    users.alter_column('full_name', type_=sa.String(length=100))",
    )

    await database.upgrade()

    assert await database.run(read_values) == stored


async def test_a_migration_that_fails_undoes_those_before_it(database: MigratedDatabase) -> None:
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

    with pytest.raises(RuntimeError, match="Foreign keys are broken"):
        await database.upgrade()

    assert await database.run(read_values) == stored


@pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="SQLite has no such limit")
async def test_a_migration_may_take_longer_than_a_request(database: MigratedDatabase) -> None:
    database.add_revision(
        "limit = op.get_bind().scalar(sa.text('SHOW statement_timeout'))",
        "raise RuntimeError(f'The limit is {limit}')",
    )

    with pytest.raises(RuntimeError, match=r"The limit is 0$"):
        await database.upgrade()


async def test_an_index_may_be_built_while_others_write(database: MigratedDatabase) -> None:
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


@pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="SQLite builds it as a whole")
async def test_an_index_that_was_left_half_built_is_built_anew(database: MigratedDatabase) -> None:
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


def migrate_when_all_are_ready(ready: Barrier, environment: dict[str, str]) -> None:
    os.environ |= environment  # dropped when the process imported the suite
    ready.wait(timeout=30)
    migrations.upgrade()


async def test_migrators_that_start_at_once_all_succeed(database: MigratedDatabase) -> None:
    processes = get_context("forkserver")
    processes.set_forkserver_preload([__name__, "app.models"])
    ready = processes.Barrier(MIGRATORS)
    migrators = [
        processes.Process(target=migrate_when_all_are_ready, args=(ready, dict(os.environ)))
        for _ in range(MIGRATORS)
    ]

    for migrator in migrators:
        migrator.start()
    for migrator in migrators:
        migrator.join()

    assert [migrator.exitcode for migrator in migrators] == [0] * MIGRATORS
