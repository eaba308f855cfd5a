"""Concurrent requests on tasks, in many rounds."""

from asyncio import gather

import pytest
from httpx import AsyncClient

from app.core.ids import new_id
from app.projects.models import MemberRole, Membership, Project
from app.tasks.models import Task, TaskTag
from tests.projects.factory import create_member, create_project
from tests.projects.races import FEW_ROUNDS, ROUNDS, count_statuses
from tests.support.factories import API, Factory, Login
from tests.tags.factory import create_tag
from tests.tasks.factory import create_shared_task, create_task

PROJECTS = f"{API}/projects"

pytestmark = pytest.mark.usefixtures("no_limits")


@pytest.fixture
async def owner(live_factory: Factory) -> Login:
    return await live_factory.login()


@pytest.fixture
async def project(live_factory: Factory, owner: Login) -> Project:
    return await create_project(live_factory, owner.user)


async def test_concurrent_updates_of_a_task_lose_no_update(
    live_factory: Factory, owner: Login, project: Project
) -> None:
    for _ in range(ROUNDS):
        task = await create_task(live_factory, project.id)
        path = f"{API}/tasks/{task.id}"

        responses = await gather(
            *[owner.patch(path, json={"title": f"title {number}"}) for number in range(4)]
        )

        assert count_statuses(responses).keys() <= {200, 409}
        changed = [response for response in responses if response.is_success]
        # Each change was applied to the result of the previous one.
        assert await live_factory.count(Task, id=task.id, version=1 + len(changed)) == 1
        shown = (await owner.get(path)).json()
        assert shown in [response.json() for response in changed]


async def test_only_one_of_several_concurrent_changes_of_a_task_with_if_match_succeeds(
    live: AsyncClient, live_factory: Factory, owner: Login, project: Project
) -> None:
    for _ in range(FEW_ROUNDS):
        tag = await create_tag(live_factory, project.id)
        task = await create_task(live_factory, project.id)
        path = f"{API}/tasks/{task.id}"
        etag = (await owner.get(path)).headers["ETag"]
        headers = {**owner.headers, "If-Match": etag}

        responses = await gather(
            live.patch(path, json={"title": "one"}, headers=headers),
            live.patch(path, json={"title": "two"}, headers=headers),
            live.put(f"{path}/tags", json={"tag_ids": [str(tag.id)]}, headers=headers),
            live.delete(path, headers=headers),
        )

        codes = count_statuses(responses)
        assert codes[200] + codes[204] == 1
        # A request after the deletion is a 404.
        assert codes[412] + codes[404] == 3
        assert codes[404] == 0 or codes[204] == 1


async def test_concurrent_requests_with_the_same_key_create_one_task(
    live: AsyncClient, live_factory: Factory, owner: Login, project: Project
) -> None:
    for number in range(ROUNDS):
        headers = {**owner.headers, "Idempotency-Key": f"{new_id()}"}
        body = {"title": f"task {number}"}

        responses = await gather(
            *[
                live.post(f"{PROJECTS}/{project.id}/tasks", json=body, headers=headers)
                for _ in range(4)
            ]
        )

        assert count_statuses(responses) == {201: 4}
        assert len({response.content for response in responses}) == 1
    assert await live_factory.count(Task, project_id=project.id) == ROUNDS


async def test_a_creation_during_the_deletion_of_its_project_leaves_no_task(
    live_factory: Factory, owner: Login
) -> None:
    for _ in range(ROUNDS):
        project = await create_project(live_factory, owner.user)
        path = f"{PROJECTS}/{project.id}"
        assigned = {"title": "Repair", "assignee_id": str(owner.user.id)}

        deletion, *creations = await gather(
            owner.delete(path),
            owner.post(f"{path}/tasks", json={"title": "Repair"}),
            owner.post(f"{path}/tasks", json=assigned),
            owner.post(f"{path}/tags", json={"name": "Urgent"}),
        )

        assert deletion.status_code == 204
        assert count_statuses(creations).keys() <= {201, 404}
        assert await live_factory.count(Task, project_id=project.id) == 0


async def test_setting_a_tag_during_its_deletion_leaves_no_link_to_it(
    live_factory: Factory, owner: Login, project: Project
) -> None:
    for _ in range(FEW_ROUNDS):
        tag, other = [await create_tag(live_factory, project.id) for _ in range(2)]
        task = await create_task(live_factory, project.id, other)
        path = f"{API}/tasks/{task.id}/tags"

        deletion, *settings = await gather(
            owner.delete(f"{PROJECTS}/{project.id}/tags/{tag.id}"),
            owner.put(path, json={"tag_ids": [str(tag.id)]}),
            owner.put(path, json={"tag_ids": [str(tag.id), str(other.id)]}),
        )

        assert deletion.status_code == 204
        assert count_statuses(settings).keys() <= {200, 409, 422}
        assert await live_factory.count(TaskTag, tag_id=tag.id) == 0


async def test_assigning_a_member_during_the_removal_leaves_the_task_unassigned(
    live_factory: Factory, owner: Login
) -> None:
    for _ in range(FEW_ROUNDS):
        member = await live_factory.user()
        task = await create_shared_task(live_factory, owner.user, editor=member)
        project_path = f"{PROJECTS}/{task.project_id}"
        body = {"title": "Repair", "assignee_id": str(member.id)}

        removal, *assignments = await gather(
            owner.delete(f"{project_path}/members/{member.id}"),
            owner.post(f"{project_path}/tasks", json=body),
            owner.patch(f"{API}/tasks/{task.id}", json=body),
        )

        assert removal.status_code == 204
        assert count_statuses(assignments).keys() <= {200, 201, 409, 422}
        assert await live_factory.count(Task, assignee_id=member.id) == 0


async def test_assigning_an_owner_during_the_deletions_of_all_owners_leaves_one_owner(
    live_factory: Factory,
) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        one, two = await live_factory.login(), await live_factory.login()
        task = await create_shared_task(live_factory, one.user, editor=admin.user)
        await create_member(live_factory, task.project_id, two.user, MemberRole.OWNER)

        responses = await gather(
            *[admin.delete(f"{API}/users/{login.user.id}") for login in (one, two)],
            admin.patch(f"{API}/tasks/{task.id}", json={"assignee_id": str(one.user.id)}),
        )

        first, second, assignment = [response.status_code for response in responses]
        assert sorted([first, second]) == [204, 409]
        assert assignment in {200, 409, 422}
        assert await live_factory.count(Membership, project_id=task.project_id, role="owner") == 1


async def test_a_request_with_a_key_and_the_deletion_of_its_user_do_not_deadlock(
    live_factory: Factory, owner: Login
) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        editor = await live_factory.login()
        project = await create_project(live_factory, owner.user, editor=editor.user)
        task = {"title": "Repair", "assignee_id": str(editor.user.id)}

        deletion, *creations = await gather(
            admin.delete(f"{API}/users/{editor.user.id}"),
            *[
                editor.post(path, json=body, headers={"Idempotency-Key": path})
                for path, body in [
                    (PROJECTS, {"name": "Engine"}),
                    (f"{PROJECTS}/{project.id}/tasks", task),
                ]
            ],
            owner.post(f"{PROJECTS}/{project.id}/tasks", json=task),
        )

        assert deletion.status_code == 204
        assert count_statuses(creations).keys() <= {201, 401, 422}
        assert await live_factory.count(Task, assignee_id=editor.user.id) == 0


async def test_only_one_of_three_concurrent_deletions_of_a_task_succeeds(
    live_factory: Factory, owner: Login, project: Project
) -> None:
    for _ in range(FEW_ROUNDS):
        task = await create_task(live_factory, project.id)

        responses = await gather(*[owner.delete(f"{API}/tasks/{task.id}") for _ in range(3)])

        assert count_statuses(responses) == {204: 1, 404: 2}
