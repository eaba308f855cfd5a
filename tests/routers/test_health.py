"""Liveness and readiness over HTTP."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.core.resources import Resources
from tests.observation import unreachable_database


async def test_is_live_without_a_database(
    client: AsyncClient, app: FastAPI, resources: Resources
) -> None:
    app.state.resources = replace(resources, database=unreachable_database())

    response = await client.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_is_ready_with_a_migrated_database(client: AsyncClient) -> None:
    response = await client.get("/readyz")

    assert response.status_code == 200
    assert response.json()["database"] == response.json()["migrations"] == "ok"


async def test_says_that_the_database_fails(
    client: AsyncClient, app: FastAPI, resources: Resources
) -> None:
    app.state.resources = replace(resources, database=unreachable_database())

    response = await client.get("/readyz")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (503, "not_ready")
    assert problem["checks"]["database"] == "failed"
    assert "Retry-After" in response.headers


async def test_says_that_the_database_is_not_migrated(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.health.newest_revision", lambda: "a newer one")

    response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json()["checks"]["database"] == "ok"
    assert response.json()["checks"]["migrations"] == "failed"
