"""Audit trail of a project over HTTP."""

from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login

PROJECTS = f"{API}/projects"


async def test_the_audit_trail_of_a_project_names_action_actor_and_request(login: Login) -> None:
    created = await login.post(PROJECTS, json={"name": "Engine"}, headers={"X-Request-ID": "first"})
    path = created.headers["Location"]
    await login.patch(
        path, json={"name": "Mill", "description": "In brass."}, headers={"X-Request-ID": "second"}
    )

    response = await login.get(f"{path}/activity")

    newest, oldest = response.json()["items"]
    assert (newest["action"], oldest["action"]) == ("project.updated", "project.created")
    assert (newest["request_id"], oldest["request_id"]) == ("second", "first")
    for item in (newest, oldest):
        assert item["actor_id"] == str(login.user.id)
        assert item["resource_id"] == item["scope_id"] == created.json()["id"]
    assert newest["details"] == {"fields": "name, description"}


async def test_a_rejected_change_adds_no_entry_to_the_audit_trail(factory: Factory) -> None:
    login, owner = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, viewer=login.user)
    path = f"{PROJECTS}/{project.id}"

    response = await login.patch(path, json={"name": "Mine"})

    trail = await owner.get(f"{path}/activity")
    assert (response.status_code, trail.json()["items"]) == (403, [])


async def test_after_a_deletion_only_admins_see_the_audit_trail_of_the_project(
    factory: Factory, login: Login, admin: Login
) -> None:
    path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}"

    await login.delete(path)

    trail = await login.get(f"{path}/activity")
    of_user = await admin.get(f"{API}/users/{login.user.id}/activity")
    assert trail.status_code == 404
    assert [item["action"] for item in of_user.json()["items"]] == ["project.deleted"]
