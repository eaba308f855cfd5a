"""Tags of tasks."""

import pytest
from httpx import AsyncClient

from app.core.ids import new_id
from app.projects.models import Project
from app.tasks.models import TaskTag
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task


def tags_of(project: Project) -> str:
    """Return the path of the project's tags."""
    return f"{API}/projects/{project.id}/tags"


@pytest.fixture
async def editor(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def project(factory: Factory, editor: Login) -> Project:
    return await create_project(factory, await factory.user(), editor=editor.user)


async def test_setting_the_tags_of_a_task_replaces_them_and_ignores_duplicates(
    client: AsyncClient, editor: Login, project: Project, factory: Factory
) -> None:
    old, kept, new = [await create_tag(factory, project.id, name) for name in ("c", "b", "a")]
    task = await create_task(factory, project.id, old, kept)
    body = {"tag_ids": [str(kept.id), str(new.id), str(kept.id)]}

    response = await client.put(f"{API}/tasks/{task.id}/tags", json=body, headers=editor.headers)

    assert response.status_code == 200
    assert [tag["name"] for tag in response.json()["tags"]] == ["a", "b"]
    read = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)
    assert (read.json(), read.headers["ETag"]) == (response.json(), response.headers["ETag"])


async def test_setting_the_same_tags_keeps_the_entity_tag_of_the_task(
    client: AsyncClient, editor: Login, project: Project, factory: Factory
) -> None:
    tags = [await create_tag(factory, project.id, name) for name in ("b", "a")]
    task = await create_task(factory, project.id, *tags)
    before = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)

    response = await client.put(
        f"{API}/tasks/{task.id}/tags",
        json={"tag_ids": [str(tag.id) for tag in tags]},
        headers=editor.headers,
    )

    assert response.headers["ETag"] == before.headers["ETag"]


async def test_setting_tags_of_another_project_is_a_422_and_changes_nothing(
    client: AsyncClient, editor: Login, project: Project, factory: Factory
) -> None:
    own = await create_tag(factory, project.id)
    foreign = await create_tag(factory, (await create_project(factory, editor.user)).id)
    task = await create_task(factory, project.id, own)

    responses = [
        await client.put(
            f"{API}/tasks/{task.id}/tags",
            json={"tag_ids": [str(id_)]},
            headers=editor.headers,
        )
        for id_ in (foreign.id, new_id())
    ]

    assert [response.status_code for response in responses] == [422, 422]
    assert responses[0].json()["code"] == "tag_not_in_project"
    assert responses[0].json()["errors"][0]["pointer"] == "/tag_ids"
    assert await factory.count(TaskTag, task_id=task.id, tag_id=own.id) == 1


async def test_renaming_a_tag_renames_it_on_its_tasks(
    client: AsyncClient, editor: Login, project: Project, factory: Factory
) -> None:
    tag = await create_tag(factory, project.id, "urgent")
    task = await create_task(factory, project.id, tag)

    await client.patch(
        f"{tags_of(project)}/{tag.id}", json={"name": "Soon"}, headers=editor.headers
    )

    read = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)
    assert read.json()["tags"] == [{"id": str(tag.id), "name": "Soon"}]


async def test_deleting_a_tag_removes_it_from_its_tasks(
    client: AsyncClient, editor: Login, project: Project, factory: Factory
) -> None:
    tag = await create_tag(factory, project.id)
    task = await create_task(factory, project.id, tag)

    response = await client.delete(f"{tags_of(project)}/{tag.id}", headers=editor.headers)

    read = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)
    assert (response.status_code, read.json()["tags"]) == (204, [])
    assert await factory.count(TaskTag, tag_id=tag.id) == 0
