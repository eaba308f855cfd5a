"""Liveness and readiness over HTTP."""

import asyncio
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlmodel import text

from app.core.database import Database
from app.http import health
from app.runtime.resources import Resources
from tests.migrations.rows import SCRIPTS
from tests.support.observation import unreachable_database

UNSTAMP = text("DELETE FROM alembic_version")
STAMP = text("INSERT INTO alembic_version VALUES (:revision)")
BEFORE_HEAD = SCRIPTS.get_revision("head").down_revision
"""Revision before the newest, or None if there is only one."""


async def test_livez_is_200_without_a_database(
    client: AsyncClient, app: FastAPI, resources: Resources
) -> None:
    app.state.resources = replace(resources, database=unreachable_database())

    response = await client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_readyz_is_200_with_a_migrated_database(client: AsyncClient) -> None:
    response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["database"] == response.json()["migrations"] == "ok"


async def test_readyz_is_503_if_the_database_fails(
    client: AsyncClient, app: FastAPI, resources: Resources
) -> None:
    app.state.resources = replace(resources, database=unreachable_database())

    response = await client.get("/readyz")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (503, "not_ready")
    assert problem["checks"]["database"] == "failed"
    assert "Retry-After" in response.headers


async def test_readyz_is_503_without_a_long_wait_if_the_database_hangs(
    client: AsyncClient, app: FastAPI, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.01)
    hanging = Database(resources.database.engine, capacity=1, max_wait=60)
    app.state.resources = replace(resources, database=hanging)

    async with asyncio.timeout(10), hanging.transaction():  # uses the only connection
        response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "failed"


async def stamp(resources: Resources, revision: object) -> None:
    """Set the revision of the database. Without one, it lacks all migrations."""
    async with resources.database.transaction() as session:
        connection = await session.connection()
        await connection.execute(UNSTAMP)
        if revision:
            await connection.execute(STAMP, {"revision": revision})


async def test_readyz_is_200_if_newer_code_added_a_migration_branch(
    client: AsyncClient, resources: Resources
) -> None:
    async with resources.database.transaction() as session:
        connection = await session.connection()
        await connection.execute(text("INSERT INTO alembic_version VALUES ('newer')"))

    response = await client.get("/readyz")

    assert (response.status_code, response.json()["migrations"]) == (200, "ok")


async def test_readyz_is_503_if_the_database_lacks_a_migration(
    client: AsyncClient, resources: Resources
) -> None:
    await stamp(resources, BEFORE_HEAD)

    response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "ok"
    assert response.json()["checks"]["migrations"] == "failed"


async def test_readyz_is_200_if_newer_code_migrated_the_database(
    client: AsyncClient, resources: Resources
) -> None:
    await stamp(resources, "newer")

    response = await client.get("/readyz")

    assert (response.status_code, response.json()["migrations"]) == (200, "ok")


async def test_readyz_is_503_while_the_process_stops(
    client: AsyncClient, app: FastAPI, resources: Resources
) -> None:
    app.state.resources = replace(resources, stopping=asyncio.Event())
    app.state.resources.stopping.set()

    response = await client.get("/readyz")

    assert (response.status_code, response.json()["code"]) == (503, "stopping")
    assert (await client.get("/livez")).status_code == 200
