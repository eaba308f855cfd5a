"""Conditional requests on projects: ETag, If-None-Match and If-Match."""

import pytest
from httpx import AsyncClient

from app.runtime.resources import Resources
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken

STALE = '"00000000000000000000000000000000"'


@pytest.fixture
async def path(factory: Factory, login: Login) -> str:
    return f"{API}/projects/{(await create_project(factory, login.user)).id}"


@pytest.fixture
async def etag(client: AsyncClient, login: Login, path: str) -> str:
    etag: str = (await login.get(path)).headers["ETag"]
    return etag


async def test_entity_tags_may_be_sent_in_several_headers(
    client: AsyncClient, login: Login, path: str, etag: str
) -> None:
    for name, method, status in [("If-None-Match", "GET", 304), ("If-Match", "DELETE", 204)]:
        lines = [*login.headers.items(), (name, STALE), (name, etag), (name, STALE)]

        response = await client.request(method, path, headers=lines)

        assert response.status_code == status


async def test_an_update_after_a_concurrent_change_is_a_409_or_with_if_match_a_412(
    client: AsyncClient, login: Login, path: str, etag: str, resources: Resources
) -> None:
    faster = "UPDATE projects SET version = version + 1"
    if_match = {**login.headers, "If-Match": etag}

    with overtaken(resources, "UPDATE projects", faster):
        without = await login.patch(path, json={"name": "Mill"})
    with overtaken(resources, "UPDATE projects", faster):
        precise = await client.patch(path, json={"name": "Mill"}, headers=if_match)

    assert (without.status_code, without.json()["code"]) == (409, "edit_conflict")
    assert (precise.status_code, precise.json()["code"]) == (412, "precondition_failed")
