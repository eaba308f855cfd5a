"""The models and the migrations speak of the same schema."""

import re

from app.core.tables import Base
from tests.migrations.catalog import read_schema
from tests.migrations.database import MigratedDatabase


async def test_the_models_ask_for_no_further_migration(database: MigratedDatabase) -> None:
    await database.upgrade()

    await database.check()


async def test_the_migrations_make_what_the_models_say(database: MigratedDatabase) -> None:
    await database.run(Base.metadata.create_all)
    modelled = await database.run(read_schema)
    await database.run(Base.metadata.drop_all)

    await database.upgrade()

    assert await database.run(read_schema) == modelled


async def test_a_generated_revision_makes_what_the_models_say(database: MigratedDatabase) -> None:
    await database.run(Base.metadata.create_all)
    modelled = await database.run(read_schema)
    await database.run(Base.metadata.drop_all)
    await database.stamp()

    await database.generate_revision()
    await database.upgrade()

    assert await database.run(read_schema) == modelled


async def test_a_generated_revision_outlives_the_models(database: MigratedDatabase) -> None:
    await database.stamp()

    generated = await database.generate_revision()

    assert re.findall(r"\b(app|sqlmodel|Enum)\b", generated) == []
