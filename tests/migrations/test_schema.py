"""Equality of the schema of the models and that of the migrations."""

import re

from app.core.tables import Base
from tests.migrations.catalog import read_schema
from tests.migrations.database import MigratedDatabase


async def test_alembic_detects_no_difference_between_models_and_migrations(
    database: MigratedDatabase,
) -> None:
    await database.upgrade()

    await database.check()


async def test_the_migrations_create_the_schema_of_the_models(database: MigratedDatabase) -> None:
    await database.run(Base.metadata.create_all)
    modelled = await database.run(read_schema)
    await database.run(Base.metadata.drop_all)

    await database.upgrade()

    assert await database.run(read_schema) == modelled


async def test_a_generated_revision_creates_the_schema_of_the_models(
    database: MigratedDatabase,
) -> None:
    await database.run(Base.metadata.create_all)
    modelled = await database.run(read_schema)
    await database.run(Base.metadata.drop_all)
    await database.stamp()

    await database.generate_revision()
    await database.upgrade()

    assert await database.run(read_schema) == modelled


async def test_a_generated_revision_does_not_depend_on_the_models(
    database: MigratedDatabase,
) -> None:
    await database.stamp()

    generated = await database.generate_revision()

    assert re.findall(r"\b(app|sqlmodel|Enum)\b", generated) == []
