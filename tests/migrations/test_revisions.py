"""Upgrades and downgrades of each revision, with rows in every table."""

import pytest

from tests.migrations.catalog import read_schema
from tests.migrations.database import MigratedDatabase
from tests.migrations.rows import SCRIPTS, add_rows, read_values

STEPS = [
    pytest.param(str(script.down_revision or "base"), script.revision, id=script.revision)
    for script in SCRIPTS.walk_revisions()
]


@pytest.mark.parametrize(("before", "revision"), STEPS)
async def test_a_revision_can_be_undone_and_applied_again(
    before: str, revision: str, database: MigratedDatabase
) -> None:
    await database.upgrade(before)
    lower = await database.run(read_schema)
    await database.upgrade(revision)
    upper = await database.run(read_schema)
    await database.run(add_rows)

    await database.downgrade(before)
    downgraded = await database.run(read_schema)
    await database.upgrade(revision)
    upgraded_again = await database.run(read_schema)

    assert downgraded == lower
    assert upgraded_again == upper


@pytest.mark.parametrize(
    ("before", "revision"), [step for step in STEPS if step.values[0] != "base"]
)
async def test_an_upgrade_keeps_stored_values(
    before: str, revision: str, database: MigratedDatabase
) -> None:
    await database.upgrade(before)
    await database.run(add_rows)
    stored = await database.run(read_values)

    await database.upgrade(revision)

    kept = await database.run(read_values)
    shared = stored.keys() & kept.keys()
    assert {place: kept[place] for place in shared} == {place: stored[place] for place in shared}


async def test_a_downgrade_to_base_leaves_an_empty_schema(database: MigratedDatabase) -> None:
    await database.upgrade()
    await database.run(add_rows)

    await database.downgrade("base")

    assert await database.run(read_schema) == set()


async def test_every_column_has_an_example_value(database: MigratedDatabase) -> None:
    await database.upgrade()

    await database.run(add_rows)

    stored = await database.run(read_values)
    missing = sorted({str(place) for place, values in stored.items() if values in ([], [None])})
    assert not missing, f"add {missing} to EXAMPLE_ROWS of the migration that adds them"
