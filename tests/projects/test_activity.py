"""Audit trail of a project over HTTP."""

from httpx import AsyncClient

from tests.projects.factory import create_project
from tests.support.factories import API, Factory

PROJECTS = f"{API}/projects"


async def test_the_audit_trail_of_a_project_names_action_actor_and_request(
    client: AsyncClient, factory: Factory
) -> None:
    login = await factory.login()
    created = await client.post(
        PROJECTS, json={"name": "Engine"}, headers={**login.headers, "X-Request-ID": "first"}
    )
    path = created.headers["Location"]
    await client.patch(
        path,
        json={"name": "Mill", "description": "In brass."},
        headers={**login.headers, "X-Request-ID": "second"},
    )

    response = await client.get(f"{path}/activity", headers=login.headers)

    newest, oldest = response.json()["items"]
    assert (newest["action"], oldest["action"]) == ("project.updated", "project.created")
    assert (newest["request_id"], oldest["request_id"]) == ("second", "first")
    for item in (newest, oldest):
        assert item["actor_id"] == str(login.user.id)
        assert item["resource_id"] == item["scope_id"] == created.json()["id"]
    assert newest["details"] == {"fields": "name, description"}


async def test_a_rejected_change_adds_no_entry_to_the_audit_trail(
    client: AsyncClient, factory: Factory
) -> None:
    login, owner = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, viewer=login.user)
    path = f"{PROJECTS}/{project.id}"

    response = await client.patch(path, json={"name": "Mine"}, headers=login.headers)

    trail = await client.get(f"{path}/activity", headers=owner.headers)
    assert (response.status_code, trail.json()["items"]) == (403, [])


async def test_after_a_deletion_only_admins_see_the_audit_trail_of_the_project(
    client: AsyncClient, factory: Factory
) -> None:
    login, admin = await factory.login(), await factory.admin()
    path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}"

    await client.delete(path, headers=login.headers)

    trail = await client.get(f"{path}/activity", headers=login.headers)
    of_user = await client.get(f"{API}/users/{login.user.id}/activity", headers=admin.headers)
    assert trail.status_code == 404
    assert [item["action"] for item in of_user.json()["items"]] == ["project.deleted"]
