"""Conditional requests on tasks: ETag, If-None-Match and If-Match."""

import pytest
from httpx import AsyncClient

from app.runtime.resources import Resources
from app.tags.models import Tag
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task


@pytest.fixture
async def tag(factory: Factory, login: Login) -> Tag:
    return await create_tag(factory, (await create_project(factory, login.user)).id)


@pytest.fixture
async def path(factory: Factory, tag: Tag) -> str:
    """Return the path of a task with the tag."""
    return f"{API}/tasks/{(await create_task(factory, tag.project_id, tag)).id}"


@pytest.fixture
async def etag(client: AsyncClient, login: Login, path: str) -> str:
    etag: str = (await login.get(path)).headers["ETag"]
    return etag


async def test_the_entity_tag_of_a_task_changes_with_each_value_that_it_contains(
    login: Login, path: str, tag: Tag
) -> None:
    await login.patch(path, json={"assignee_id": str(login.user.id)})
    seen = {(await login.get(path)).headers["ETag"]}

    for changed, body in [
        (f"{API}/projects/{tag.project_id}/tags/{tag.id}", {"name": "Renamed"}),
        (f"{API}/users/me", {"full_name": "Ada Lovelace"}),
        (path, {"priority": 3}),
    ]:
        await login.patch(changed, json=body)
        seen.add((await login.get(path)).headers["ETag"])

    assert len(seen) == 4


@pytest.mark.parametrize(
    ("method", "end", "body"),
    [("PATCH", "", {"title": "Order"}), ("PUT", "/tags", {"tag_ids": []}), ("DELETE", "", None)],
)
async def test_a_change_of_a_task_after_a_concurrent_change_is_a_409_or_with_if_match_a_412(
    client: AsyncClient,
    login: Login,
    path: str,
    etag: str,
    resources: Resources,
    method: str,
    end: str,
    body: dict[str, object] | None,
) -> None:
    statement = "DELETE FROM tasks" if body is None else "UPDATE tasks"
    faster = "UPDATE tasks SET version = version + 1"
    if_match = {**login.headers, "If-Match": etag}

    with overtaken(resources, statement, faster):
        without = await login.request(method, path + end, json=body)
    with overtaken(resources, statement, faster):
        precise = await client.request(method, path + end, json=body, headers=if_match)

    assert (without.status_code, without.json()["code"]) == (409, "edit_conflict")
    assert (precise.status_code, precise.json()["code"]) == (412, "precondition_failed")
