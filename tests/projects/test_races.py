"""Concurrent requests on projects, in many rounds."""

from asyncio import gather

import pytest
from httpx import AsyncClient

from app.projects.models import Project
from tests.projects.factory import create_project
from tests.projects.races import FEW_ROUNDS, ROUNDS, count_statuses
from tests.support.factories import API, Factory, Login

PROJECTS = f"{API}/projects"

pytestmark = pytest.mark.usefixtures("no_limits")


@pytest.fixture
async def owner(live_factory: Factory) -> Login:
    return await live_factory.login()


async def test_concurrent_updates_of_a_project_lose_no_update(
    live_factory: Factory, owner: Login
) -> None:
    for _ in range(ROUNDS):
        project = await create_project(live_factory, owner.user)
        path = f"{PROJECTS}/{project.id}"

        responses = await gather(
            *[owner.patch(path, json={"name": f"name {number}"}) for number in range(4)]
        )

        assert count_statuses(responses).keys() <= {200, 409}
        changed = [response for response in responses if response.is_success]
        # Each change was applied to the result of the previous one.
        assert await live_factory.count(Project, id=project.id, version=1 + len(changed)) == 1
        shown = (await owner.get(path)).json()
        assert shown in [response.json() for response in changed]


async def test_only_one_of_several_concurrent_changes_of_a_project_with_if_match_succeeds(
    live: AsyncClient, live_factory: Factory, owner: Login
) -> None:
    for _ in range(FEW_ROUNDS):
        path = f"{PROJECTS}/{(await create_project(live_factory, owner.user)).id}"
        etag = (await owner.get(path)).headers["ETag"]
        headers = {**owner.headers, "If-Match": etag}

        responses = await gather(
            live.patch(path, json={"name": "one"}, headers=headers),
            live.patch(path, json={"name": "two"}, headers=headers),
            live.delete(path, headers=headers),
        )

        statuses = count_statuses(responses)
        assert statuses[200] + statuses[204] == 1
        # A request after the deletion is a 404.
        assert statuses[412] + statuses[404] == 2
        assert statuses[404] == 0 or statuses[204] == 1
