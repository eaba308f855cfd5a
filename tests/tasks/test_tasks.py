"""Tasks over HTTP."""

import pytest

from app.core.ids import new_id
from app.projects.models import Project
from app.tasks.models import Task, TaskTag
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task


def tasks_of(project: Project) -> str:
    return f"{API}/projects/{project.id}/tasks"


async def test_creating_a_task_returns_201_with_the_task_and_its_location(
    login: Login, project: Project
) -> None:
    body = {
        "title": " Repair the mill ",
        "description": "Soon.",
        "status": "doing",
        "priority": 3,
        "due_date": "2030-02-28",
        "assignee_id": str(login.user.id),
    }

    response = await login.post(tasks_of(project), json=body)

    task = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{API}/tasks/{task['id']}"
    assert {**body, "title": "Repair the mill"}.items() <= task.items()
    assert task["assignee"] == {"id": str(login.user.id), "full_name": None}
    assert (task["project_id"], task["tags"]) == (str(project.id), [])
    read = await login.get(response.headers["Location"])
    assert (read.json(), read.headers["ETag"]) == (task, response.headers["ETag"])


async def test_creating_a_task_requires_only_a_title(login: Login, project: Project) -> None:
    response = await login.post(tasks_of(project), json={"title": "Repair"})

    task = response.json()
    assert (response.status_code, task["status"], task["priority"]) == (201, "todo", 0)
    assert (task["description"], task["due_date"], task["assignee"]) == (None, None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("due_date", 0), ("due_date", "2030-02-30"), ("due_date", "2030-02-28T00:00:00Z"),
        ("due_date", "٢٠٣٠-٠٢-٢٨"), ("priority", 4), ("priority", True), ("status", "TODO"),
        ("title", "x" * 201), ("description", "x" * 10_001), ("description", "bell\a"),
    ],
)  # fmt: skip
async def test_creating_a_task_with_an_invalid_value_is_a_422(
    login: Login, project: Project, field: str, value: object
) -> None:
    body = {"title": "Repair", field: value}

    response = await login.post(tasks_of(project), json=body)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/{field}"


async def test_an_assignee_who_is_not_a_member_is_a_422(
    login: Login, project: Project, factory: Factory
) -> None:
    stranger = await factory.user()
    task = (await login.post(tasks_of(project), json={"title": "Repair"})).json()

    responses = [
        await login.request(method, path, json={"title": "Repair", "assignee_id": str(id_)})
        for method, path in [("POST", tasks_of(project)), ("PATCH", f"{API}/tasks/{task['id']}")]
        for id_ in (stranger.id, new_id())
    ]

    assert [response.status_code for response in responses] == [422] * 4
    problem = responses[0].json()
    assert problem["code"] == "assignee_not_member"
    assert problem["errors"][0]["pointer"] == "/assignee_id"


async def test_the_assignee_of_a_task_can_be_changed_and_cleared(
    login: Login, project: Project, factory: Factory
) -> None:
    task = await create_task(factory, project.id)
    path = f"{API}/tasks/{task.id}"

    assigned = await login.patch(path, json={"assignee_id": str(login.user.id)})
    cleared = await login.patch(path, json={"assignee_id": None})

    assert assigned.json()["assignee"]["id"] == str(login.user.id)
    assert (cleared.json()["assignee_id"], cleared.json()["assignee"]) == (None, None)


async def test_updating_a_task_keeps_missing_fields_and_clears_null_fields(
    login: Login, project: Project, factory: Factory
) -> None:
    task = await create_task(factory, project.id, description="Soon.", priority=2)
    path = f"{API}/tasks/{task.id}"

    response = await login.patch(path, json={"description": None, "status": "done"})

    changed = response.json()
    assert (changed["description"], changed["status"]) == (None, "done")
    assert (changed["title"], changed["priority"]) == (task.title, 2)
    assert changed["updated_at"] > changed["created_at"]


async def test_deleting_a_task_removes_its_tags_from_it(
    login: Login, project: Project, factory: Factory
) -> None:
    task = await create_task(factory, project.id, await create_tag(factory, project.id))

    response = await login.delete(f"{API}/tasks/{task.id}")

    assert response.status_code == 204
    assert await factory.count(Task, id=task.id) == 0
    assert await factory.count(TaskTag, task_id=task.id) == 0


async def test_deleting_a_project_deletes_only_its_own_tasks(
    login: Login, factory: Factory
) -> None:
    deleted, kept = [await create_project(factory, login.user) for _ in range(2)]
    for project in (deleted, kept):
        await create_task(factory, project.id, await create_tag(factory, project.id))

    response = await login.delete(f"{API}/projects/{deleted.id}")

    assert response.status_code == 204
    assert await factory.count(Task, project_id=deleted.id) == 0
    assert await factory.count(Task, project_id=kept.id) == 1


async def test_each_change_of_a_task_adds_an_entry_to_the_audit_trail_of_its_project(
    login: Login, project: Project, factory: Factory
) -> None:
    tag = await create_tag(factory, project.id)
    created = await login.post(tasks_of(project), json={"title": "Mill"})
    path = created.headers["Location"]

    for method, changed, body in [
        ("PATCH", path, {"status": "done", "priority": 3}),
        ("PATCH", path, {"status": "done"}),
        ("PUT", f"{path}/tags", {"tag_ids": [str(tag.id)]}),
        ("DELETE", path, None),
        ("DELETE", path, None),
    ]:
        await login.request(method, changed, json=body)

    activity = await login.get(f"{API}/projects/{project.id}/activity")
    changes = [(item["action"], item["details"]) for item in activity.json()["items"]]
    assert changes == [
        ("task.deleted", {}),
        ("task.updated", {"fields": "tags"}),
        ("task.updated", {"fields": "status, priority"}),
        ("task.created", {}),
    ]
    assert {item["resource_id"] for item in activity.json()["items"]} == {created.json()["id"]}
