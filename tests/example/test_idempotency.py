"""Requests that are sent again, with an Idempotency-Key."""

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
from app.tasks.models import Task
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory, Login
from tests.observation import overtaken

PROJECTS = f"{API}/projects"
KEPT_HEADERS = ("Location", "ETag", "Content-Type", "Cache-Control")


def keyed(login: Login, key: str = "key") -> dict[str, str]:
    """Headers of a request with a key."""
    return {**login.headers, "Idempotency-Key": key}


def answer(response: Response) -> tuple[object, ...]:
    """What a repetition has to have of the first answer."""
    headers = [response.headers.get(name) for name in KEPT_HEADERS]
    return response.status_code, response.content, *headers


async def test_the_same_request_gets_the_first_answer(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login = await factory.login()
    project = await projects.project(login.user)

    for path, body in [
        (PROJECTS, {"name": "Mill"}),
        (f"{PROJECTS}/{project.id}/tasks", {"title": "Mend"}),
    ]:
        first = await client.post(path, json=body, headers=keyed(login, path))
        again = await client.post(path, json=body, headers=keyed(login, path))

        assert first.status_code == 201
        assert answer(again) == answer(first)
        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert await projects.count(Project, name="Mill") == 1
    assert await projects.count(Task, project_id=project.id) == 1


async def test_the_first_answer_stays_the_first_when_the_thing_has_changed(
    client: AsyncClient, factory: Factory
) -> None:
    login = await factory.login()
    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))
    await client.patch(first.headers["Location"], json={"name": "Drive"}, headers=login.headers)

    again = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    assert answer(again) == answer(first)


@pytest.mark.parametrize("body", [{"name": "Drive"}, {"name": "Mill", "description": "x"}])
async def test_another_request_with_the_key_is_refused(
    client: AsyncClient, factory: Factory, body: dict[str, str]
) -> None:
    login = await factory.login()
    await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))

    response = await client.post(PROJECTS, json=body, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert response.json()["errors"][0]["parameter"] == "Idempotency-Key"


async def test_the_same_body_elsewhere_is_another_request(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login = await factory.login()
    here, there = [await projects.project(login.user) for _ in range(2)]
    body = {"title": "Mend"}
    await client.post(f"{PROJECTS}/{here.id}/tasks", json=body, headers=keyed(login))

    response = await client.post(f"{PROJECTS}/{there.id}/tasks", json=body, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


async def test_another_user_may_have_the_same_key(client: AsyncClient, factory: Factory) -> None:
    one, two = await factory.login(), await factory.login()

    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(one))
    second = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(two))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_without_a_key_each_request_counts(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login = await factory.login()

    for _ in range(2):
        await client.post(PROJECTS, json={"name": "Mill"}, headers=login.headers)

    assert await projects.count(Project, name="Mill") == 2
    assert await projects.count(IdempotencyKey, user_id=login.user.id) == 0


async def test_a_refusal_is_not_kept(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    owner, login = await factory.login(), await factory.login()
    project = await projects.project(owner.user, viewer=login.user)
    path, body = f"{PROJECTS}/{project.id}/tasks", {"title": "Mend"}

    refused = await client.post(path, json=body, headers=keyed(login))
    invalid = await client.post(path, json={"title": ""}, headers=keyed(login))
    await client.patch(
        f"{PROJECTS}/{project.id}/members/{login.user.id}",
        json={"role": "editor"},
        headers=owner.headers,
    )
    accepted = await client.post(path, json=body, headers=keyed(login))

    statuses = [response.status_code for response in (refused, invalid, accepted)]
    assert statuses == [403, 422, 201]


async def test_a_key_is_free_again_after_a_day(
    client: AsyncClient, factory: Factory, resources: Resources
) -> None:
    login = await factory.login()
    first = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login))
    async with resources.database.transaction() as session:
        stored = await session.get_one(IdempotencyKey, (login.user.id, "key"))
        assert timedelta(hours=23) < stored.expires_at - clock.now() <= timedelta(hours=24)
        await session.exec(update(IdempotencyKey).values(expires_at=clock.now()))

    second = await client.post(PROJECTS, json={"name": "Drive"}, headers=keyed(login))

    assert second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "\x7f"])
async def test_what_is_no_key_is_refused(client: AsyncClient, factory: Factory, key: str) -> None:
    login = await factory.login()

    response = await client.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login, key))

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "Idempotency-Key"


async def test_twenty_at_once_get_one_answer(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory
) -> None:
    login = await live_factory.login()

    responses = await gather(
        *[live.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login)) for _ in range(20)]
    )

    assert {response.status_code for response in responses} == {201}
    assert len({answer(response) for response in responses}) == 1
    assert await live_projects.count(Project, name="Mill") == 1


async def test_who_waits_for_one_that_fails_goes_on(
    live: AsyncClient, live_factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = await live_factory.login()
    failures = [RuntimeError("no answer"), RuntimeError("no answer")]

    def fail_twice(_: bytes) -> str:
        if failures:
            raise failures.pop()
        return '"tag"'

    monkeypatch.setattr("app.dependencies.etags.etag_of", fail_twice)

    responses = await gather(
        *[live.post(PROJECTS, json={"name": "Mill"}, headers=keyed(login)) for _ in range(5)]
    )

    assert Counter(response.status_code for response in responses) == {500: 2, 201: 3}
    assert len({response.content for response in responses if response.is_success}) == 1


async def test_a_wait_that_runs_out_is_a_409(
    app: FastAPI,
    settings: Settings,
    live: AsyncClient,
    live_factory: Factory,
    live_resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not settings.database_url.get_secret_value().startswith("postgresql"):
        pytest.skip("SQLite has one writer at a time: who waits for it gets 503")
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


async def test_a_key_that_is_purged_while_it_is_looked_up_is_a_409(
    client: AsyncClient, factory: Factory, projects: ProjectFactory, resources: Resources
) -> None:
    login = await factory.login()
    project = await projects.project(login.user)

    for path, body in [
        (PROJECTS, {"name": "Mill"}),
        (f"{PROJECTS}/{project.id}/tasks", {"title": "Mend"}),
    ]:
        await client.post(path, json=body, headers=keyed(login, path))
        purge = "DELETE FROM idempotency_keys"
        with overtaken(resources, "SELECT idempotency_keys", purge):
            response = await client.post(path, json=body, headers=keyed(login, path))

        assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_use")
