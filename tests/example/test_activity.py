"""The audit trail of a project over HTTP."""

from httpx import AsyncClient

from tests.example.factory import ProjectFactory
from tests.factories import API, Factory

PROJECTS = f"{API}/projects"


async def test_tells_owners_what_was_done_by_whom_under_which_request(
    client: AsyncClient, factory: Factory
) -> None:
    login = await factory.login()
    created = await client.post(
        PROJECTS, json={"name": "Engine"}, headers={**login.headers, "X-Request-ID": "first"}
    )
    path = created.headers["Location"]
    task = await client.post(f"{path}/tasks", json={"title": "Mend"}, headers=login.headers)
    await client.patch(
        task.headers["Location"],
        json={"status": "done", "priority": 3},
        headers={**login.headers, "X-Request-ID": "third"},
    )

    response = await client.get(f"{path}/activity", headers=login.headers)

    newest, _, oldest = response.json()["items"]
    assert (newest["action"], oldest["action"]) == ("task.updated", "project.created")
    assert (newest["request_id"], oldest["request_id"]) == ("third", "first")
    assert newest["actor_id"] == oldest["actor_id"] == str(login.user.id)
    assert newest["resource_id"] == task.json()["id"]
    assert newest["scope_id"] == oldest["resource_id"] == created.json()["id"]
    assert newest["details"] == {"fields": "status, priority"}


async def test_every_change_leaves_a_trace(client: AsyncClient, factory: Factory) -> None:
    login = await factory.login()
    invitee = await factory.user(verified=True)
    created = await client.post(PROJECTS, json={"name": "Engine"}, headers=login.headers)
    path = created.headers["Location"]
    member = f"{path}/members/{invitee.id}"
    tag, task = [
        (await client.post(f"{path}/{what}", json=body, headers=login.headers)).json()["id"]
        for what, body in [("tags", {"name": "Urgent"}), ("tasks", {"title": "Mend"})]
    ]

    for method, url, body in [
        ("PATCH", path, {"name": "Mill"}),
        ("POST", f"{path}/members", {"email": invitee.email, "role": "viewer"}),
        ("PATCH", member, {"role": "editor"}),
        ("DELETE", member, None),
        ("PATCH", f"{path}/tags/{tag}", {"name": "Soon"}),
        ("PUT", f"{API}/tasks/{task}/tags", {"tag_ids": [tag]}),
        ("DELETE", f"{path}/tags/{tag}", None),
        ("DELETE", f"{API}/tasks/{task}", None),
    ]:
        await client.request(method, url, json=body, headers=login.headers)

    trail = await client.get(f"{path}/activity", headers=login.headers)
    assert [item["action"] for item in reversed(trail.json()["items"])] == [
        "project.created",
        "tag.created",
        "task.created",
        "project.updated",
        "member.added",
        "member.changed",
        "member.removed",
        "tag.updated",
        "task.updated",
        "tag.deleted",
        "task.deleted",
    ]


async def test_a_refusal_leaves_none(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login, owner = await factory.login(), await factory.login()
    project = await projects.project(owner.user, viewer=login.user)
    path = f"{PROJECTS}/{project.id}"

    refused = await client.patch(path, json={"name": "Mine"}, headers=login.headers)

    trail = await client.get(f"{path}/activity", headers=owner.headers)
    assert (refused.status_code, trail.json()["items"]) == (403, [])


async def test_outlives_the_project_but_is_shown_to_nobody_then(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login, admin = await factory.login(), await factory.admin()
    path = f"{PROJECTS}/{(await projects.project(login.user)).id}"

    await client.delete(path, headers=login.headers)

    trail = await client.get(f"{path}/activity", headers=login.headers)
    of_user = await client.get(f"{API}/users/{login.user.id}/activity", headers=admin.headers)
    assert trail.status_code == 404
    assert [item["action"] for item in of_user.json()["items"]] == ["project.deleted"]
