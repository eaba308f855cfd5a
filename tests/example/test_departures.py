"""What becomes of projects when a user goes."""

from httpx import AsyncClient

from app.audit.models import Activity
from app.projects.models import MemberRole, Membership, Project
from app.runtime.resources import Resources
from tests.example.factory import ProjectFactory
from tests.factories import API, PASSWORD, Factory
from tests.observation import recorded_statements


async def test_a_project_with_other_members_keeps_its_only_owner(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login, admin, other = await factory.login(), await factory.admin(), await factory.user()
    project = await projects.project(login.user, editor=other)

    own = await client.post(
        f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=login.headers
    )
    by_admin = await client.delete(f"{API}/users/{login.user.id}", headers=admin.headers)

    assert (own.status_code, own.json()["code"]) == (409, "sole_owner")
    assert (by_admin.status_code, by_admin.json()["code"]) == (409, "sole_owner")
    assert await factory.stored_user(login.user.id) is not None
    assert await projects.count(Project, id=project.id) == 1


async def test_projects_without_other_members_go_along(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    login, other = await factory.login(), await factory.user()
    alone = await projects.project(login.user)
    shared = await projects.project(other)
    await projects.member(shared.id, login.user, MemberRole.OWNER)
    joined = await projects.project(other, viewer=login.user)

    response = await client.post(
        f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=login.headers
    )

    assert response.status_code == 204
    assert await projects.count(Project, id=alone.id) == 0
    for project in (shared, joined):
        assert await projects.count(Membership, project_id=project.id) == 1


async def test_twenty_projects_cost_as_many_statements_as_one(
    client: AsyncClient, factory: Factory, projects: ProjectFactory, resources: Resources
) -> None:
    costs = []
    other = await factory.user()
    for count in (1, 20):
        login = await factory.login()
        for _ in range(count):
            await projects.project(login.user)
            await projects.project(other, viewer=login.user)

        with recorded_statements(resources) as statements:
            response = await client.post(
                f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=login.headers
            )

        assert response.status_code == 204
        for action in ("project.deleted", "member.removed"):
            assert await projects.count(Activity, actor_id=login.user.id, action=action) == count
        costs.append(len(statements))

    assert costs[0] == costs[1]


async def test_their_tasks_stay_unassigned(
    client: AsyncClient, factory: Factory, projects: ProjectFactory
) -> None:
    owner, editor = await factory.login(), await factory.login()
    project = await projects.project(owner.user, editor=editor.user)
    task = await projects.task(project.id, assignee_id=editor.user.id)
    path = f"{API}/tasks/{task.id}"
    before = await client.get(path, headers=owner.headers)

    await client.post(
        f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=editor.headers
    )

    after = await client.get(path, headers=owner.headers)
    assert (after.json()["assignee_id"], after.json()["assignee"]) == (None, None)
    assert after.headers["ETag"] != before.headers["ETag"]
