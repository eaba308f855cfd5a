"""Members over HTTP."""

import pytest
from httpx import AsyncClient

from app.projects.models import MemberRole, Project
from tests.projects.factory import create_member, create_project
from tests.support.factories import API, Factory, Login
from tests.support.pages import walk


def members_of(project: Project) -> str:
    return f"{API}/projects/{project.id}/members"


async def test_adding_a_user_by_a_verified_address_creates_a_member(factory: Factory) -> None:
    owner = await factory.login()
    invitee = await factory.login(verified=True)
    project = await create_project(factory, owner.user)
    body = {"email": f" {invitee.user.email.upper()}", "role": "editor"}

    response = await owner.post(members_of(project), json=body)

    member = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{members_of(project)}/{invitee.user.id}"
    assert (member["user_id"], member["role"]) == (str(invitee.user.id), "editor")
    seen = await invitee.get(f"{API}/projects/{project.id}")
    assert seen.status_code == 200


async def test_adding_unknown_inactive_and_unverified_addresses_gets_the_same_error(
    factory: Factory,
) -> None:
    owner = await factory.login()
    project = await create_project(factory, owner.user)
    inactive = await factory.user(verified=True, is_active=False)
    unverified = await factory.user()

    responses = [
        await owner.post(members_of(project), json={"email": email, "role": "viewer"})
        for email in ("nobody@example.com", inactive.email, unverified.email)
    ]

    assert [response.status_code for response in responses] == [404] * 3
    assert [response.json()["code"] for response in responses] == ["user_not_found"] * 3
    assert len({response.json()["detail"] for response in responses}) == 1


async def test_adding_a_member_again_is_a_409(factory: Factory) -> None:
    owner = await factory.login()
    member = await factory.user(verified=True)
    project = await create_project(factory, owner.user, viewer=member)
    body = {"email": member.email, "role": "owner"}

    response = await owner.post(members_of(project), json=body)

    assert (response.status_code, response.json()["code"]) == (409, "already_member")


async def test_the_list_of_members_is_sorted_by_user_id(
    client: AsyncClient, factory: Factory
) -> None:
    owner = await factory.login()
    project = await create_project(factory, owner.user)
    for _ in range(4):
        await create_member(factory, project.id, await factory.user(), MemberRole.VIEWER)

    pages = await walk(client, members_of(project), owner.headers, item="user_id", limit=2)

    ids = [id_ for page in pages for id_ in page]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert ids == sorted(set(ids))


async def test_a_new_role_of_a_member_applies_immediately(factory: Factory) -> None:
    owner, member = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, viewer=member.user)
    path = f"{API}/projects/{project.id}"

    before = await member.patch(path, json={"name": "Mill"})
    response = await owner.patch(f"{members_of(project)}/{member.user.id}", json={"role": "owner"})
    after = await member.patch(path, json={"name": "Mill"})

    assert (response.status_code, response.json()["role"]) == (200, "owner")
    assert (before.status_code, after.status_code) == (403, 200)


async def test_a_member_can_leave_a_project(factory: Factory) -> None:
    owner, member = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user, viewer=member.user)

    response = await member.delete(f"{members_of(project)}/{member.user.id}")

    assert response.status_code == 204
    seen = await member.get(f"{API}/projects/{project.id}")
    assert seen.status_code == 404


@pytest.mark.parametrize("role", [MemberRole.VIEWER, MemberRole.EDITOR])
async def test_a_viewer_or_editor_cannot_remove_another_member(
    factory: Factory, role: MemberRole
) -> None:
    owner, member = await factory.login(), await factory.login()
    project = await create_project(factory, owner.user)
    await create_member(factory, project.id, member.user, role)

    response = await member.delete(f"{members_of(project)}/{owner.user.id}")

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")


async def test_removing_a_user_who_is_not_a_member_is_a_404(factory: Factory) -> None:
    owner, stranger = await factory.login(), await factory.user()
    project = await create_project(factory, owner.user)

    response = await owner.delete(f"{members_of(project)}/{stranger.id}")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


class TestLastOwner:
    @pytest.fixture
    async def owner(self, factory: Factory) -> Login:
        return await factory.login()

    @pytest.fixture
    async def project(self, factory: Factory, owner: Login) -> Project:
        return await create_project(factory, owner.user, editor=await factory.user())

    @pytest.mark.parametrize(("method", "body"), [("PATCH", {"role": "editor"}), ("DELETE", None)])
    async def test_the_last_owner_can_neither_leave_nor_be_demoted(
        self, owner: Login, project: Project, method: str, body: dict[str, str] | None
    ) -> None:
        response = await owner.request(method, f"{members_of(project)}/{owner.user.id}", json=body)

        assert (response.status_code, response.json()["code"]) == (409, "last_owner")
        still = await owner.get(f"{API}/projects/{project.id}/activity")
        assert still.status_code == 200

    @pytest.mark.parametrize(
        ("method", "body", "status"), [("PATCH", {"role": "editor"}, 200), ("DELETE", None, 204)]
    )
    async def test_an_owner_can_leave_or_be_demoted_if_another_owner_exists(
        self,
        factory: Factory,
        owner: Login,
        project: Project,
        method: str,
        body: dict[str, str] | None,
        status: int,
    ) -> None:
        await create_member(factory, project.id, await factory.user(), MemberRole.OWNER)

        response = await owner.request(method, f"{members_of(project)}/{owner.user.id}", json=body)

        assert response.status_code == status

    async def test_the_last_owner_may_be_set_to_owner_again(
        self, owner: Login, project: Project
    ) -> None:
        response = await owner.patch(
            f"{members_of(project)}/{owner.user.id}", json={"role": "owner"}
        )

        assert (response.status_code, response.json()["role"]) == (200, "owner")


async def test_each_change_of_a_member_adds_an_entry_to_the_audit_trail(factory: Factory) -> None:
    owner, invitee = await factory.login(), await factory.user(verified=True)
    project = await create_project(factory, owner.user)
    member = f"{members_of(project)}/{invitee.id}"

    for method, path, body in [
        ("POST", members_of(project), {"email": invitee.email, "role": "viewer"}),
        ("PATCH", member, {"role": "editor"}),
        ("PATCH", member, {"role": "editor"}),
        ("DELETE", member, None),
        ("DELETE", member, None),
    ]:
        await owner.request(method, path, json=body)

    activity = await owner.get(f"{API}/projects/{project.id}/activity")
    changes = [(item["action"], item["details"]) for item in activity.json()["items"]]
    assert changes == [
        ("member.removed", {}),
        ("member.changed", {"role": "editor"}),
        ("member.added", {"role": "viewer"}),
    ]
