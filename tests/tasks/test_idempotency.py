"""Creation of tasks with an Idempotency-Key."""

from httpx import AsyncClient

from app.tasks.models import Task
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login

PROJECTS = f"{API}/projects"


def keyed(login: Login) -> dict[str, str]:
    """Return the headers of a request with a key."""
    return {**login.headers, "Idempotency-Key": "key"}


async def test_a_repeated_creation_of_a_task_gets_the_first_response(
    client: AsyncClient, factory: Factory
) -> None:
    login = await factory.login()
    project = await create_project(factory, login.user)
    path = f"{PROJECTS}/{project.id}/tasks"

    first, again = [
        await client.post(path, json={"title": "Repair"}, headers=keyed(login)) for _ in range(2)
    ]

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
        assert again.headers.get(name) == first.headers.get(name)
    assert await factory.count(Task, project_id=project.id) == 1


async def test_another_path_with_a_used_key_is_a_422(client: AsyncClient, factory: Factory) -> None:
    login = await factory.login()
    here, there = [await create_project(factory, login.user) for _ in range(2)]
    body = {"title": "Repair"}
    await client.post(f"{PROJECTS}/{here.id}/tasks", json=body, headers=keyed(login))

    response = await client.post(f"{PROJECTS}/{there.id}/tasks", json=body, headers=keyed(login))

    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")


async def test_an_error_is_not_stored_for_its_key(client: AsyncClient, factory: Factory) -> None:
    owner, login = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, viewer=login.user)
    path, body = f"{PROJECTS}/{project.id}/tasks", {"title": "Repair"}

    forbidden = await client.post(path, json=body, headers=keyed(login))
    invalid = await client.post(path, json={"title": ""}, headers=keyed(login))
    await client.patch(
        f"{PROJECTS}/{project.id}/members/{login.user.id}",
        json={"role": "editor"},
        headers=owner.headers,
    )
    accepted = await client.post(path, json=body, headers=keyed(login))

    statuses = [response.status_code for response in (forbidden, invalid, accepted)]
    assert statuses == [403, 422, 201]
