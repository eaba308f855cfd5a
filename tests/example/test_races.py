"""What happens when two do the same thing at the same moment, over and over."""

import os
from asyncio import gather
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from app.audit.models import Activity
from app.core.ids import new_id
from app.core.tables import name_key
from app.projects.models import MemberRole, Membership, Project
from app.tags.models import Tag
from app.tasks.models import Task, TaskTag
from tests.example.factory import ProjectFactory
from tests.factories import API, PASSWORD, Factory, Login

# SQLite has one writer at a time, so that a few rounds tell all.
ROUNDS = 50 if "TEST_DATABASE_URL" in os.environ else 5
FEW_ROUNDS = ROUNDS // 5

PROJECTS = f"{API}/projects"


def statuses(responses: Iterable[Response]) -> Counter[int]:
    """How often each status was answered."""
    return Counter(response.status_code for response in responses)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits are not what is raced for."""
    monkeypatch.setattr("app.core.rate_limit.limiter.enabled", False)


@pytest.fixture
async def owner(live_factory: Factory) -> Login:
    return await live_factory.login()


@pytest.fixture
async def project(live_projects: ProjectFactory, owner: Login) -> Project:
    return await live_projects.project(owner.user)


async def test_of_two_tags_of_one_name_one_is_made(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for number in range(ROUNDS):
        name = f"tag {number}"
        responses = await gather(
            *[
                live.post(
                    f"{PROJECTS}/{project.id}/tags", json={"name": each}, headers=owner.headers
                )
                for each in (name, name.upper())
            ]
        )

        assert statuses(responses) == {201: 1, 409: 1}
    assert await live_projects.count(Tag, project_id=project.id) == ROUNDS


async def test_a_tag_that_two_rename_is_found_by_the_name_that_it_has(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for number in range(FEW_ROUNDS):
        tag = await live_projects.tag(project.id, f"urgent {number}")
        path = f"{PROJECTS}/{project.id}/tags/{tag.id}"

        responses = await gather(
            *[
                live.patch(path, json={"name": name}, headers=owner.headers)
                for name in (f"soon {number}", f"URGENT {number}")
            ]
        )

        assert statuses(responses) == {200: 2}
        names = [response.json()["name"] for response in responses]
        kept = [
            await live_projects.count(Tag, id=tag.id, name=name, name_key=name_key(name))
            for name in names
        ]
        assert sum(kept) == 1


async def test_two_owners_who_demote_each_other_leave_one(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory, owner: Login
) -> None:
    other = await live_factory.login()
    for _ in range(ROUNDS):
        project = await live_projects.project(owner.user)
        await live_projects.member(project.id, other.user, MemberRole.OWNER)
        members = f"{PROJECTS}/{project.id}/members"

        responses = await gather(
            *[
                live.patch(
                    f"{members}/{target.user.id}", json={"role": "viewer"}, headers=who.headers
                )
                for who, target in [(owner, other), (other, owner)]
            ]
        )

        # The second one is no owner any more.
        assert statuses(responses) == {200: 1, 403: 1}
        assert await live_projects.count(Membership, project_id=project.id, role="owner") == 1


async def test_two_owners_who_leave_at_once_leave_one(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory, owner: Login
) -> None:
    other = await live_factory.login()
    for _ in range(FEW_ROUNDS):
        project = await live_projects.project(owner.user)
        await live_projects.member(project.id, other.user, MemberRole.OWNER)
        members = f"{PROJECTS}/{project.id}/members"

        responses = await gather(
            *[
                live.delete(f"{members}/{who.user.id}", headers=who.headers)
                for who in (owner, other)
            ]
        )

        assert statuses(responses) == {204: 1, 409: 1}
        assert await live_projects.count(Membership, project_id=project.id, role="owner") == 1


async def test_no_update_is_lost(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for _ in range(ROUNDS):
        task = await live_projects.task(project.id)
        path = f"{API}/tasks/{task.id}"

        responses = await gather(
            *[
                live.patch(path, json={"title": f"title {number}"}, headers=owner.headers)
                for number in range(4)
            ]
        )

        assert statuses(responses).keys() <= {200, 409}
        changed = [response for response in responses if response.is_success]
        # Each change was made on top of the one before.
        assert await live_projects.count(Task, id=task.id, version=1 + len(changed)) == 1
        shown = (await live.get(path, headers=owner.headers)).json()
        assert shown in [response.json() for response in changed]


async def test_of_changes_for_one_representation_one_is_made(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for _ in range(FEW_ROUNDS):
        tag = await live_projects.tag(project.id)
        task = await live_projects.task(project.id)
        path = f"{API}/tasks/{task.id}"
        etag = (await live.get(path, headers=owner.headers)).headers["ETag"]
        headers = {**owner.headers, "If-Match": etag}

        responses = await gather(
            live.patch(path, json={"title": "one"}, headers=headers),
            live.patch(path, json={"title": "two"}, headers=headers),
            live.put(f"{path}/tags", json={"tag_ids": [str(tag.id)]}, headers=headers),
            live.delete(path, headers=headers),
        )

        codes = statuses(responses)
        assert codes[200] + codes[204] == 1
        # After a deletion there is nothing for who comes late.
        assert codes[412] + codes[404] == 3
        assert codes[404] == 0 or codes[204] == 1


async def test_the_same_creation_happens_once(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
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

        assert statuses(responses) == {201: 4}
        assert len({response.content for response in responses}) == 1
    assert await live_projects.count(Task, project_id=project.id) == ROUNDS


async def test_a_task_is_made_in_a_project_or_not_at_all(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login
) -> None:
    for _ in range(ROUNDS):
        project = await live_projects.project(owner.user)
        path = f"{PROJECTS}/{project.id}"
        assigned = {"title": "Mend", "assignee_id": str(owner.user.id)}

        deletion, *creations = await gather(
            live.delete(path, headers=owner.headers),
            live.post(f"{path}/tasks", json={"title": "Mend"}, headers=owner.headers),
            live.post(f"{path}/tasks", json=assigned, headers=owner.headers),
            live.post(f"{path}/tags", json={"name": "Urgent"}, headers=owner.headers),
        )

        assert deletion.status_code == 204
        assert statuses(creations).keys() <= {201, 404}
        assert await live_projects.count(Task, project_id=project.id) == 0


async def test_a_task_never_has_a_tag_that_is_gone(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for _ in range(FEW_ROUNDS):
        tag, other = [await live_projects.tag(project.id) for _ in range(2)]
        task = await live_projects.task(project.id, other)
        path = f"{API}/tasks/{task.id}/tags"

        deletion, *settings = await gather(
            live.delete(f"{PROJECTS}/{project.id}/tags/{tag.id}", headers=owner.headers),
            live.put(path, json={"tag_ids": [str(tag.id)]}, headers=owner.headers),
            live.put(path, json={"tag_ids": [str(tag.id), str(other.id)]}, headers=owner.headers),
        )

        assert deletion.status_code == 204
        assert statuses(settings).keys() <= {200, 409, 422}
        assert await live_projects.count(TaskTag, tag_id=tag.id) == 0


async def test_an_assignee_is_a_member(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory, owner: Login
) -> None:
    for _ in range(FEW_ROUNDS):
        member = await live_factory.user()
        project = await live_projects.project(owner.user, editor=member)
        task = await live_projects.task(project.id)
        body = {"title": "Mend", "assignee_id": str(member.id)}

        removal, *assignments = await gather(
            live.delete(f"{PROJECTS}/{project.id}/members/{member.id}", headers=owner.headers),
            live.post(f"{PROJECTS}/{project.id}/tasks", json=body, headers=owner.headers),
            live.patch(f"{API}/tasks/{task.id}", json=body, headers=owner.headers),
        )

        assert removal.status_code == 204
        assert statuses(assignments).keys() <= {200, 201, 409, 422}
        assert await live_projects.count(Task, assignee_id=member.id) == 0


async def test_a_project_keeps_an_owner_when_accounts_are_deleted(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory
) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        one, two = await live_factory.login(), await live_factory.login()
        project = await live_projects.project(one.user)
        await live_projects.member(project.id, two.user, MemberRole.OWNER)
        await live_projects.member(project.id, admin.user, MemberRole.EDITOR)
        task = await live_projects.task(project.id)

        responses = await gather(
            *[
                live.delete(f"{API}/users/{who.user.id}", headers=admin.headers)
                for who in (one, two)
            ],
            live.patch(
                f"{API}/tasks/{task.id}",
                json={"assignee_id": str(one.user.id)},
                headers=admin.headers,
            ),
        )

        first, second, assignment = [response.status_code for response in responses]
        assert sorted([first, second]) == [204, 409]
        assert assignment in {200, 409, 422}
        assert await live_projects.count(Membership, project_id=project.id, role="owner") == 1


async def test_who_is_being_deleted_leaves_no_project_behind(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory
) -> None:
    for _ in range(FEW_ROUNDS):
        login = await live_factory.login()

        deletion, creation = await gather(
            live.post(
                f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=login.headers
            ),
            live.post(PROJECTS, json={"name": "Engine"}, headers=login.headers),
        )

        assert deletion.status_code == 204
        assert creation.status_code in {201, 401}
        if creation.is_success:
            assert await live_projects.count(Project, id=UUID(creation.json()["id"])) == 0
    assert await live_projects.count(Project) == 0


async def test_who_was_removed_meanwhile_does_nothing_any_more(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory, owner: Login
) -> None:
    one, two = await live_factory.login(), await live_factory.login()
    for _ in range(FEW_ROUNDS):
        project = await live_projects.project(owner.user)
        for each in (one, two):
            await live_projects.member(project.id, each.user, MemberRole.OWNER)
        path = f"{PROJECTS}/{project.id}"

        responses = await gather(
            live.delete(f"{path}/members/{two.user.id}", headers=one.headers),
            live.delete(f"{path}/members/{one.user.id}", headers=two.headers),
        )

        assert statuses(responses) == {204: 1, 404: 1}

        other = two if responses[0].is_error else one
        removal, deletion = await gather(
            live.delete(f"{path}/members/{other.user.id}", headers=owner.headers),
            live.delete(path, headers=other.headers),
        )

        assert (removal.status_code, deletion.status_code) in {(204, 404), (404, 204)}


async def test_a_keyed_request_and_the_deletion_of_its_user_never_wait_for_each_other(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory, owner: Login
) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        editor = await live_factory.login()
        project = await live_projects.project(owner.user, editor=editor.user)
        task = {"title": "Mend", "assignee_id": str(editor.user.id)}

        deletion, *creations = await gather(
            live.delete(f"{API}/users/{editor.user.id}", headers=admin.headers),
            *[
                live.post(path, json=body, headers={**editor.headers, "Idempotency-Key": path})
                for path, body in [
                    (PROJECTS, {"name": "Engine"}),
                    (f"{PROJECTS}/{project.id}/tasks", task),
                ]
            ],
            live.post(f"{PROJECTS}/{project.id}/tasks", json=task, headers=owner.headers),
        )

        assert deletion.status_code == 204
        assert statuses(creations).keys() <= {201, 401, 422}
        assert await live_projects.count(Task, assignee_id=editor.user.id) == 0


async def test_a_tag_that_is_renamed_while_it_goes_is_gone(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for number in range(FEW_ROUNDS):
        tag = await live_projects.tag(project.id)
        path = f"{PROJECTS}/{project.id}/tags/{tag.id}"

        deletion, renaming = await gather(
            live.delete(path, headers=owner.headers),
            live.patch(path, json={"name": f"tag {number}"}, headers=owner.headers),
        )

        assert deletion.status_code == 204
        assert renaming.status_code in {200, 404}


async def test_who_leaves_twice_is_told_to_have_left_once(
    live: AsyncClient, live_factory: Factory, live_projects: ProjectFactory, owner: Login
) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        member = await live_factory.user()
        project = await live_projects.project(owner.user, editor=member)

        await gather(
            live.delete(f"{PROJECTS}/{project.id}/members/{member.id}", headers=owner.headers),
            live.delete(f"{API}/users/{member.id}", headers=admin.headers),
        )

        trail = {"action": "member.removed", "scope_id": project.id}
        assert await live_projects.count(Activity, **trail) == 1


async def test_a_task_is_deleted_once(
    live: AsyncClient, live_projects: ProjectFactory, owner: Login, project: Project
) -> None:
    for _ in range(FEW_ROUNDS):
        task = await live_projects.task(project.id)

        responses = await gather(
            *[live.delete(f"{API}/tasks/{task.id}", headers=owner.headers) for _ in range(3)]
        )

        assert statuses(responses) == {204: 1, 404: 2}
