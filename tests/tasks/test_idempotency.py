"""Creation of tasks with an Idempotency-Key."""

from httpx import AsyncClient

from app.runtime.resources import Resources
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken

PROJECTS = f"{API}/projects"


def keyed(login: Login) -> dict[str, str]:
    return {**login.headers, "Idempotency-Key": "key"}


async def test_another_path_with_a_used_key_is_a_422(
    client: AsyncClient, factory: Factory, login: Login
) -> None:
    here, there = [await create_project(factory, login.user) for _ in range(2)]
    body = {"title": "Repair"}
    await client.post(f"{PROJECTS}/{here.id}/tasks", json=body, headers=keyed(login))

    response = await client.post(f"{PROJECTS}/{there.id}/tasks", json=body, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_that_is_purged_during_its_lookup_is_a_409(
    client: AsyncClient, factory: Factory, login: Login, resources: Resources
) -> None:
    path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}/tasks"
    await client.post(path, json={"title": "Repair"}, headers=keyed(login))

    with overtaken(resources, "SELECT idempotency_keys", "DELETE FROM idempotency_keys"):
        response = await client.post(path, json={"title": "Repair"}, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_in_use")


async def test_an_error_is_not_stored_for_its_key(client: AsyncClient, factory: Factory) -> None:
    owner, login = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, viewer=login.user)
    path, body = f"{PROJECTS}/{project.id}/tasks", {"title": "Repair"}

    forbidden = await client.post(path, json=body, headers=keyed(login))
    invalid = await client.post(path, json={"title": ""}, headers=keyed(login))
    await owner.patch(f"{PROJECTS}/{project.id}/members/{login.user.id}", json={"role": "editor"})
    accepted = await client.post(path, json=body, headers=keyed(login))

    statuses = [response.status_code for response in (forbidden, invalid, accepted)]
    assert statuses == [403, 422, 201]
