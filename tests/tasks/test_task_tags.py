"""Tags of tasks."""

from app.core.ids import new_id
from app.projects.models import Project
from app.tasks.models import TaskTag
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task


async def test_setting_the_tags_of_a_task_replaces_them_and_ignores_duplicates(
    login: Login, project: Project, factory: Factory
) -> None:
    old, kept, new = [await create_tag(factory, project.id, name) for name in ("c", "b", "a")]
    task = await create_task(factory, project.id, old, kept)
    body = {"tag_ids": [str(kept.id), str(new.id), str(kept.id)]}

    response = await login.put(f"{API}/tasks/{task.id}/tags", json=body)

    assert response.status_code == 200
    assert [tag["name"] for tag in response.json()["tags"]] == ["a", "b"]
    read = await login.get(f"{API}/tasks/{task.id}")
    assert (read.json(), read.headers["ETag"]) == (response.json(), response.headers["ETag"])


async def test_setting_the_same_tags_keeps_the_entity_tag_of_the_task(
    login: Login, project: Project, factory: Factory
) -> None:
    tags = [await create_tag(factory, project.id, name) for name in ("b", "a")]
    task = await create_task(factory, project.id, *tags)
    before = await login.get(f"{API}/tasks/{task.id}")

    response = await login.put(
        f"{API}/tasks/{task.id}/tags", json={"tag_ids": [str(tag.id) for tag in tags]}
    )

    assert response.headers["ETag"] == before.headers["ETag"]


async def test_setting_tags_of_another_project_is_a_422_and_changes_nothing(
    login: Login, project: Project, factory: Factory
) -> None:
    own = await create_tag(factory, project.id)
    foreign = await create_tag(factory, (await create_project(factory, login.user)).id)
    task = await create_task(factory, project.id, own)

    responses = [
        await login.put(f"{API}/tasks/{task.id}/tags", json={"tag_ids": [str(id_)]})
        for id_ in (foreign.id, new_id())
    ]

    assert [response.status_code for response in responses] == [422, 422]
    assert responses[0].json()["code"] == "tag_not_in_project"
    assert responses[0].json()["errors"][0]["pointer"] == "/tag_ids"
    assert await factory.count(TaskTag, task_id=task.id, tag_id=own.id) == 1


async def test_renaming_a_tag_renames_it_on_its_tasks(
    login: Login, project: Project, factory: Factory
) -> None:
    tag = await create_tag(factory, project.id, "urgent")
    task = await create_task(factory, project.id, tag)

    await login.patch(f"{API}/projects/{project.id}/tags/{tag.id}", json={"name": "Soon"})

    read = await login.get(f"{API}/tasks/{task.id}")
    assert read.json()["tags"] == [{"id": str(tag.id), "name": "Soon"}]


async def test_deleting_a_tag_removes_it_from_its_tasks(
    login: Login, project: Project, factory: Factory
) -> None:
    tag = await create_tag(factory, project.id)
    task = await create_task(factory, project.id, tag)

    response = await login.delete(f"{API}/projects/{project.id}/tags/{tag.id}")

    read = await login.get(f"{API}/tasks/{task.id}")
    assert (response.status_code, read.json()["tags"]) == (204, [])
    assert await factory.count(TaskTag, tag_id=tag.id) == 0
