"""Concurrent requests on the members of projects, in many rounds."""

from asyncio import gather

import pytest

from app.audit.models import Activity
from app.projects.models import MemberRole, Membership, Project
from tests.projects.factory import create_member, create_project
from tests.projects.races import FEW_ROUNDS, ROUNDS, count_statuses
from tests.support.factories import API, Factory, Login

PROJECTS = f"{API}/projects"

pytestmark = pytest.mark.usefixtures("no_limits")


@pytest.fixture
async def owner(live_factory: Factory) -> Login:
    return await live_factory.login()


async def test_two_owners_who_demote_each_other_concurrently_leave_one_owner(
    live_factory: Factory, owner: Login
) -> None:
    other = await live_factory.login()
    for _ in range(ROUNDS):
        project = await create_project(live_factory, owner.user)
        await create_member(live_factory, project.id, other.user, MemberRole.OWNER)
        members = f"{PROJECTS}/{project.id}/members"

        responses = await gather(
            *[
                login.patch(f"{members}/{target.user.id}", json={"role": "viewer"})
                for login, target in [(owner, other), (other, owner)]
            ]
        )

        # The second owner is already demoted.
        assert count_statuses(responses) == {200: 1, 403: 1}
        assert await live_factory.count(Membership, project_id=project.id, role="owner") == 1


async def test_two_owners_who_leave_concurrently_leave_one_owner(
    live_factory: Factory, owner: Login
) -> None:
    other = await live_factory.login()
    for _ in range(FEW_ROUNDS):
        project = await create_project(live_factory, owner.user)
        await create_member(live_factory, project.id, other.user, MemberRole.OWNER)
        members = f"{PROJECTS}/{project.id}/members"

        responses = await gather(
            *[login.delete(f"{members}/{login.user.id}") for login in (owner, other)]
        )

        assert count_statuses(responses) == {204: 1, 409: 1}
        assert await live_factory.count(Membership, project_id=project.id, role="owner") == 1


async def test_concurrent_deletions_of_all_owners_leave_one_owner(live_factory: Factory) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        one, two = await live_factory.user(), await live_factory.user()
        project = await create_project(live_factory, one, editor=admin.user)
        await create_member(live_factory, project.id, two, MemberRole.OWNER)

        responses = await gather(*[admin.delete(f"{API}/users/{user.id}") for user in (one, two)])

        assert count_statuses(responses) == {204: 1, 409: 1}
        assert await live_factory.count(Membership, project_id=project.id, role="owner") == 1


async def test_a_project_created_during_the_deletion_of_its_owner_does_not_remain(
    live_factory: Factory,
) -> None:
    for _ in range(FEW_ROUNDS):
        login = await live_factory.login()

        deletion, creation = await gather(
            login.delete_account(), login.post(PROJECTS, json={"name": "Engine"})
        )

        assert deletion.status_code == 204
        assert creation.status_code in {201, 401}
    assert await live_factory.count(Project) == 0


async def test_an_owner_who_is_removed_concurrently_changes_nothing_afterwards(
    live_factory: Factory, owner: Login
) -> None:
    one, two = await live_factory.login(), await live_factory.login()
    for _ in range(FEW_ROUNDS):
        project = await create_project(live_factory, owner.user)
        for co_owner in (one, two):
            await create_member(live_factory, project.id, co_owner.user, MemberRole.OWNER)
        path = f"{PROJECTS}/{project.id}"

        responses = await gather(
            one.delete(f"{path}/members/{two.user.id}"), two.delete(f"{path}/members/{one.user.id}")
        )

        assert count_statuses(responses) == {204: 1, 404: 1}

        other = two if responses[0].is_error else one
        removal, deletion = await gather(
            owner.delete(f"{path}/members/{other.user.id}"), other.delete(path)
        )

        assert (removal.status_code, deletion.status_code) in {(204, 404), (404, 204)}


async def test_concurrent_removals_of_a_member_add_one_entry_to_the_audit_trail(
    live_factory: Factory, owner: Login
) -> None:
    admin = await live_factory.admin()
    for _ in range(FEW_ROUNDS):
        member = await live_factory.user()
        project = await create_project(live_factory, owner.user, editor=member)

        await gather(
            owner.delete(f"{PROJECTS}/{project.id}/members/{member.id}"),
            admin.delete(f"{API}/users/{member.id}"),
        )

        trail = {"action": "member.removed", "scope_id": project.id}
        assert await live_factory.count(Activity, **trail) == 1
