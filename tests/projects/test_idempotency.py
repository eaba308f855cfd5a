"""Creation of projects with an Idempotency-Key."""

from asyncio import gather
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response
from sqlmodel import update

from app.core import clock
from app.core.config import Settings
from app.core.database import Database
from app.core.database_engine import POSTGRESQL_SETTINGS, create_engine
from app.idempotency.models import IdempotencyKey
from app.projects.models import Project
from app.runtime.resources import Resources
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken

PROJECTS = f"{API}/projects"
KEPT_HEADERS = ("Location", "ETag", "Content-Type", "Cache-Control")


def keyed(login: Login, key: str = "key") -> dict[str, str]:
    return {**login.headers, "Idempotency-Key": key}


def comparable(response: Response) -> tuple[object, ...]:
    """Return the parts of a response that its repetition must have."""
    headers = [response.headers.get(name) for name in KEPT_HEADERS]
    return response.status_code, response.content, *headers


async def test_a_repeated_request_gets_the_first_response(
    client: AsyncClient, factory: Factory, login: Login
) -> None:
    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))
    again = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    assert first.status_code == 201
    assert comparable(again) == comparable(first)
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert await factory.count(Project, name="Mill") == 1


async def test_a_repeated_request_gets_the_first_response_after_a_change_of_the_resource(
    client: AsyncClient, login: Login
) -> None:
    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))
    await login.patch(first.headers["Location"], json={"name": "Drive"})

    again = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    assert comparable(again) == comparable(first)


@pytest.mark.parametrize("body", [{"name": "Drive"}, {"name": "Mill", "description": "x"}])
async def test_another_body_with_a_used_key_is_a_422(
    client: AsyncClient, login: Login, body: dict[str, str]
) -> None:
    await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    response = await client.post(PROJECTS, json=body, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert response.json()["errors"][0]["parameter"] == "Idempotency-Key"


async def test_another_user_may_use_the_same_key(client: AsyncClient, factory: Factory) -> None:
    one, two = await factory.login(), await factory.login()

    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(one))
    second = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(two))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_each_request_without_a_key_creates_a_resource(
    factory: Factory, login: Login
) -> None:
    for _ in range(2):
        await login.post(PROJECTS, json={"name": "Mill"})

    assert await factory.count(Project, name="Mill") == 2
    assert await factory.count(IdempotencyKey, user_id=login.user.id) == 0


async def test_an_invalid_request_is_not_stored_for_its_key(
    client: AsyncClient, login: Login
) -> None:
    invalid = await client.post(PROJECTS, json={"name": ""}, headers=keyed(login))
    accepted = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    assert (invalid.status_code, accepted.status_code) == (422, 201)


async def test_a_key_may_be_used_again_after_a_day(
    client: AsyncClient, login: Login, resources: Resources
) -> None:
    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))
    async with resources.database.transaction() as session:
        stored = await session.get_one(IdempotencyKey, (login.user.id, "key"))
        assert timedelta(hours=23) < stored.expires_at - clock.now() <= timedelta(hours=24)
        await session.exec(update(IdempotencyKey).values(expires_at=clock.now()))

    second = await client.post(PROJECTS, json={"name": "Drive"}, headers=keyed(login))

    assert second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\x7f"])
async def test_an_invalid_key_is_a_422(client: AsyncClient, login: Login, key: str) -> None:
    response = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login, key))

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "Idempotency-Key"


async def test_twenty_concurrent_requests_with_a_key_get_the_same_response(
    live: AsyncClient, live_factory: Factory
) -> None:
    login = await live_factory.login()

    responses = await gather(
        *[live.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login)) for _ in range(20)]
    )

    assert {response.status_code for response in responses} == {201}
    assert len({comparable(response) for response in responses}) == 1
    assert await live_factory.count(Project, name="Mill") == 1


async def test_a_concurrent_request_with_the_key_proceeds_if_the_first_one_fails(
    live: AsyncClient, live_factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = await live_factory.login()
    failures = [RuntimeError("no response"), RuntimeError("no response")]

    def fail_twice(_: bytes) -> str:
        if failures:
            raise failures.pop()
        return '"tag"'

    monkeypatch.setattr("app.http.conditional.etag_of", fail_twice)

    responses = await gather(
        *[live.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login)) for _ in range(5)]
    )

    assert Counter(response.status_code for response in responses) == {500: 2, 201: 3}
    assert len({response.content for response in responses if response.is_success}) == 1


async def test_a_request_that_waits_too_long_for_its_key_is_a_409(
    app: FastAPI,
    settings: Settings,
    live: AsyncClient,
    live_factory: Factory,
    live_resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not settings.database_url.get_secret_value().startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time, and a waiting request is a 503")
    login = await live_factory.login()
    monkeypatch.setitem(POSTGRESQL_SETTINGS, "lock_timeout", "50ms")
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=1)
    first = IdempotencyKey(
        user_id=login.user.id, key="key", request_digest="0" * 64, expires_at=clock.now()
    )

    async with live_resources.database.transaction() as session:
        session.add(first)
        await session.flush()
        app.state.resources = replace(live_resources, database=Database(engine, capacity=1))
        response = await live.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))
    await engine.dispose()

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_use")


async def test_a_key_that_is_purged_during_its_lookup_is_a_409(
    client: AsyncClient, login: Login, resources: Resources
) -> None:
    await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    with overtaken(resources, "SELECT idempotency_keys", "DELETE FROM idempotency_keys"):
        response = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_use")
