"""Conditional requests on tasks: ETag, If-None-Match and If-Match."""

import pytest
from httpx import AsyncClient, Response

from app.runtime.resources import Resources
from app.tags.models import Tag
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task

STALE = '"00000000000000000000000000000000"'

Body = dict[str, object] | None
CHANGES: list[tuple[str, str, Body]] = [
    ("PATCH", "", {"title": "Order the mill"}),
    ("PUT", "/tags", {"tag_ids": []}),
    ("DELETE", "", None),
]
"""Method, end of the path, and body of each change of a task."""


@pytest.fixture
async def login(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def tag(factory: Factory, login: Login) -> Tag:
    return await create_tag(factory, (await create_project(factory, login.user)).id)


@pytest.fixture
async def path(factory: Factory, tag: Tag) -> str:
    """Return the path of a task with the tag."""
    return f"{API}/tasks/{(await create_task(factory, tag.project_id, tag)).id}"


@pytest.fixture
async def etag(client: AsyncClient, login: Login, path: str) -> str:
    """Return the current entity tag of the task."""
    etag: str = (await client.get(path, headers=login.headers)).headers["ETag"]
    return etag


def assert_failed(response: Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_read_of_a_task_with_a_matching_if_none_match_is_a_304(
    client: AsyncClient, login: Login, path: str, etag: str, method: str, form: str
) -> None:
    headers = {**login.headers, "If-None-Match": form.format(etag)}

    response = await client.request(method, path, headers=headers)

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == etag
    assert response.headers["Cache-Control"] == "private, no-cache, no-transform"


async def test_a_conditional_request_of_a_stranger_on_a_task_is_a_404(
    client: AsyncClient, factory: Factory, path: str
) -> None:
    stranger = await factory.login()

    read = await client.get(path, headers={**stranger.headers, "If-None-Match": "*"})
    change = await client.patch(
        path, json={"title": "x"}, headers={**stranger.headers, "If-Match": STALE}
    )

    assert (read.status_code, change.status_code) == (404, 404)


async def test_the_entity_tag_of_a_task_changes_with_each_value_that_it_contains(
    client: AsyncClient, login: Login, path: str, tag: Tag
) -> None:
    await client.patch(path, json={"assignee_id": str(login.user.id)}, headers=login.headers)
    seen = {(await client.get(path, headers=login.headers)).headers["ETag"]}

    for changed, body in [
        (f"{API}/projects/{tag.project_id}/tags/{tag.id}", {"name": "Renamed"}),
        (f"{API}/users/me", {"full_name": "Ada Lovelace"}),
        (path, {"priority": 3}),
    ]:
        await client.patch(changed, json=body, headers=login.headers)
        seen.add((await client.get(path, headers=login.headers)).headers["ETag"])

    assert len(seen) == 4


@pytest.mark.parametrize(("method", "end", "body"), CHANGES)
@pytest.mark.parametrize("form", [STALE, f'{STALE}, "x"', f"W/{STALE}", "W/{}"])
async def test_a_change_of_a_task_with_a_stale_or_weak_entity_tag_is_a_412(
    client: AsyncClient,
    login: Login,
    path: str,
    etag: str,
    method: str,
    end: str,
    body: Body,
    form: str,
) -> None:
    headers = {**login.headers, "If-Match": form.format(etag)}

    response = await client.request(method, path + end, json=body, headers=headers)

    assert_failed(response, 412, "precondition_failed")
    assert (await client.get(path, headers=login.headers)).headers["ETag"] == etag


@pytest.mark.parametrize(("method", "end", "body"), CHANGES)
@pytest.mark.parametrize("form", ["{}", f"{STALE},{{}}", "*"])
async def test_a_change_of_a_task_with_the_current_entity_tag_succeeds(
    client: AsyncClient,
    login: Login,
    path: str,
    etag: str,
    method: str,
    end: str,
    body: Body,
    form: str,
) -> None:
    headers = {**login.headers, "If-Match": form.format(etag)}

    response = await client.request(method, path + end, json=body, headers=headers)

    assert response.status_code == (204 if body is None else 200)


async def test_the_entity_tag_of_a_changed_task_is_valid_for_the_next_change(
    client: AsyncClient, login: Login, path: str
) -> None:
    headers = dict(login.headers)
    for title in ("one", "two", "three"):
        response = await client.patch(path, json={"title": title}, headers=headers)
        assert response.status_code == 200
        headers["If-Match"] = response.headers["ETag"]


async def test_renaming_a_tag_changes_the_entity_tags_of_its_tasks(
    client: AsyncClient, login: Login, path: str, etag: str, tag: Tag
) -> None:
    renamed = f"{API}/projects/{tag.project_id}/tags/{tag.id}"
    await client.patch(renamed, json={"name": "Renamed"}, headers=login.headers)

    response = await client.patch(
        path, json={"title": "x"}, headers={**login.headers, "If-Match": etag}
    )

    assert_failed(response, 412, "precondition_failed")


@pytest.mark.parametrize(("method", "end", "body"), CHANGES)
async def test_a_change_of_a_task_after_a_concurrent_change_is_a_409_or_with_if_match_a_412(
    client: AsyncClient,
    login: Login,
    path: str,
    etag: str,
    resources: Resources,
    method: str,
    end: str,
    body: Body,
) -> None:
    statement = "DELETE FROM tasks" if body is None else "UPDATE tasks"
    faster = "UPDATE tasks SET version = version + 1"
    if_match = {**login.headers, "If-Match": etag}

    with overtaken(resources, statement, faster):
        without = await client.request(method, path + end, json=body, headers=login.headers)
    with overtaken(resources, statement, faster):
        precise = await client.request(method, path + end, json=body, headers=if_match)

    assert_failed(without, 409, "edit_conflict")
    assert_failed(precise, 412, "precondition_failed")
