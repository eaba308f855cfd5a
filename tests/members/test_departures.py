"""Projects after the deletion of a user."""

from app.audit.models import Activity
from app.projects.models import MemberRole, Membership, Project
from app.runtime.resources import Resources
from tests.projects.factory import create_member, create_project
from tests.support.factories import API, Factory
from tests.support.observation import recorded_statements


async def test_the_only_owner_of_a_shared_project_cannot_be_deleted(factory: Factory) -> None:
    login, admin, other = await factory.login(), await factory.admin(), await factory.user()
    project = await create_project(factory, login.user, editor=other)

    own = await login.delete_account()
    by_admin = await admin.delete(f"{API}/users/{login.user.id}")

    assert (own.status_code, own.json()["code"]) == (409, "sole_owner")
    assert (by_admin.status_code, by_admin.json()["code"]) == (409, "sole_owner")
    assert await factory.stored_user(login.user.id) is not None
    assert await factory.count(Project, id=project.id) == 1


async def test_deleting_a_user_deletes_projects_without_other_members(factory: Factory) -> None:
    login, other = await factory.login(), await factory.user()
    alone = await create_project(factory, login.user)
    shared = await create_project(factory, other)
    await create_member(factory, shared.id, login.user, MemberRole.OWNER)
    joined = await create_project(factory, other, viewer=login.user)

    response = await login.delete_account()

    assert response.status_code == 204
    assert await factory.count(Project, id=alone.id) == 0
    for project in (shared, joined):
        assert await factory.count(Membership, project_id=project.id) == 1


async def test_deleting_a_user_runs_as_many_statements_for_twenty_projects_as_for_one(
    factory: Factory, resources: Resources
) -> None:
    costs = []
    other = await factory.user()
    for count in (1, 20):
        login = await factory.login()
        for _ in range(count):
            await create_project(factory, login.user)
            await create_project(factory, other, viewer=login.user)

        with recorded_statements(resources) as statements:
            response = await login.delete_account()

        assert response.status_code == 204
        for action in ("project.deleted", "member.removed"):
            assert await factory.count(Activity, actor_id=login.user.id, action=action) == count
        costs.append(len(statements))

    assert costs[0] == costs[1]
