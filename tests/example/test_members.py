"""Members over HTTP."""

import pytest
from httpx import AsyncClient

from app.projects.models import MemberRole, Project
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory, Login
from tests.pages import walk


def members_of(project: Project) -> str:
    """Where the members are."""
    return f"{API}/projects/{project.id}/members"


class TestAdd:
    async def test_takes_in_a_user_by_a_verified_address(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner = await factory.login()
        invitee = await factory.login(verified=True)
        project = await projects.project(owner.user)
        body = {"email": f" {invitee.user.email.upper()}", "role": "editor"}

        response = await client.post(members_of(project), json=body, headers=owner.headers)

        member = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"{members_of(project)}/{invitee.user.id}"
        assert (member["user_id"], member["role"]) == (str(invitee.user.id), "editor")
        seen = await client.get(f"{API}/projects/{project.id}", headers=invitee.headers)
        assert seen.status_code == 200

    async def test_unknown_inactive_and_unverified_addresses_are_told_apart_by_nothing(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner = await factory.login()
        project = await projects.project(owner.user)
        inactive = await factory.user(verified=True, is_active=False)
        unverified = await factory.user()

        responses = [
            await client.post(
                members_of(project), json={"email": email, "role": "viewer"}, headers=owner.headers
            )
            for email in ("nobody@example.com", inactive.email, unverified.email)
        ]

        assert [response.status_code for response in responses] == [404] * 3
        assert [response.json()["code"] for response in responses] == ["user_not_found"] * 3
        assert len({response.json()["detail"] for response in responses}) == 1

    async def test_a_member_is_a_conflict(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner = await factory.login()
        member = await factory.user(verified=True)
        project = await projects.project(owner.user, viewer=member)
        body = {"email": member.email, "role": "owner"}

        response = await client.post(members_of(project), json=body, headers=owner.headers)

        assert (response.status_code, response.json()["code"]) == (409, "already_member")


class TestList:
    async def test_shows_who_works_there_by_id(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner = await factory.login()
        project = await projects.project(owner.user)
        for _ in range(4):
            await projects.member(project.id, await factory.user(), MemberRole.VIEWER)

        pages = await walk(client, members_of(project), owner.headers, item="user_id", limit=2)

        ids = [id_ for page in pages for id_ in page]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert ids == sorted(set(ids))


class TestUpdate:
    async def test_a_new_role_holds_at_once(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner, member = await factory.login(), await factory.login()
        project = await projects.project(owner.user, viewer=member.user)
        tags = f"{API}/projects/{project.id}/tags"

        before = await client.post(tags, json={"name": "Urgent"}, headers=member.headers)
        response = await client.patch(
            f"{members_of(project)}/{member.user.id}",
            json={"role": "editor"},
            headers=owner.headers,
        )
        after = await client.post(tags, json={"name": "Urgent"}, headers=member.headers)

        assert (response.status_code, response.json()["role"]) == (200, "editor")
        assert (before.status_code, after.status_code) == (403, 201)


class TestRemove:
    async def test_a_member_may_leave(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner, member = await factory.login(), await factory.login()
        project = await projects.project(owner.user, viewer=member.user)

        response = await client.delete(
            f"{members_of(project)}/{member.user.id}", headers=member.headers
        )

        assert response.status_code == 204
        seen = await client.get(f"{API}/projects/{project.id}", headers=member.headers)
        assert seen.status_code == 404

    @pytest.mark.parametrize("role", [MemberRole.VIEWER, MemberRole.EDITOR])
    async def test_only_owners_remove_others(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory, role: MemberRole
    ) -> None:
        owner, member = await factory.login(), await factory.login()
        project = await projects.project(owner.user)
        await projects.member(project.id, member.user, role)

        response = await client.delete(
            f"{members_of(project)}/{owner.user.id}", headers=member.headers
        )

        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")

    async def test_their_tasks_there_are_left_unassigned(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner, member = await factory.login(), await factory.login()
        here = await projects.project(owner.user, editor=member.user)
        elsewhere = await projects.project(owner.user, editor=member.user)
        tasks = [
            await projects.task(project.id, assignee_id=member.user.id)
            for project in (here, elsewhere)
        ]

        await client.delete(f"{members_of(here)}/{member.user.id}", headers=owner.headers)

        assignees = [
            (await client.get(f"{API}/tasks/{task.id}", headers=owner.headers)).json()[
                "assignee_id"
            ]
            for task in tasks
        ]
        assert assignees == [None, str(member.user.id)]

    async def test_who_is_no_member_is_not_found(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        owner, stranger = await factory.login(), await factory.user()
        project = await projects.project(owner.user)

        response = await client.delete(
            f"{members_of(project)}/{stranger.id}", headers=owner.headers
        )

        assert (response.status_code, response.json()["code"]) == (404, "not_found")


class TestLastOwner:
    @pytest.fixture
    async def owner(self, factory: Factory) -> Login:
        return await factory.login()

    @pytest.fixture
    async def project(self, factory: Factory, projects: ProjectFactory, owner: Login) -> Project:
        return await projects.project(owner.user, editor=await factory.user())

    @pytest.mark.parametrize(("method", "body"), [("PATCH", {"role": "editor"}), ("DELETE", None)])
    async def test_can_neither_leave_nor_be_demoted(
        self,
        client: AsyncClient,
        owner: Login,
        project: Project,
        method: str,
        body: dict[str, str] | None,
    ) -> None:
        response = await client.request(
            method, f"{members_of(project)}/{owner.user.id}", json=body, headers=owner.headers
        )

        assert (response.status_code, response.json()["code"]) == (409, "last_owner")
        still = await client.get(f"{API}/projects/{project.id}/activity", headers=owner.headers)
        assert still.status_code == 200

    @pytest.mark.parametrize(
        ("method", "body", "status"), [("PATCH", {"role": "editor"}, 200), ("DELETE", None, 204)]
    )
    async def test_may_go_when_there_is_another(
        self,
        client: AsyncClient,
        factory: Factory,
        projects: ProjectFactory,
        owner: Login,
        project: Project,
        method: str,
        body: dict[str, str] | None,
        status: int,
    ) -> None:
        await projects.member(project.id, await factory.user(), MemberRole.OWNER)

        response = await client.request(
            method, f"{members_of(project)}/{owner.user.id}", json=body, headers=owner.headers
        )

        assert response.status_code == status

    async def test_may_stay_an_owner(
        self, client: AsyncClient, owner: Login, project: Project
    ) -> None:
        response = await client.patch(
            f"{members_of(project)}/{owner.user.id}",
            json={"role": "owner"},
            headers=owner.headers,
        )

        assert (response.status_code, response.json()["role"]) == (200, "owner")
