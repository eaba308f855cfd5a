"""Projects over HTTP."""

from uuid import UUID

from httpx import AsyncClient

from app.core.ids import new_id
from app.projects.models import Membership
from tests.projects.factory import create_project
from tests.support.factories import API, Factory

PROJECTS = f"{API}/projects"


class TestCreate:
    async def test_creating_a_project_returns_201_with_the_project_and_its_location(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        body = {"name": " Analytical engine ", "description": "In brass.\n"}

        response = await client.post(PROJECTS, json=body, headers=login.headers)

        project = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"{PROJECTS}/{project['id']}"
        assert (project["name"], project["description"]) == ("Analytical engine", "In brass.\n")
        assert project["created_at"] == project["updated_at"]
        read = await client.get(response.headers["Location"], headers=login.headers)
        assert read.json() == project

    async def test_the_creator_of_a_project_is_its_owner(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()

        response = await client.post(PROJECTS, json={"name": "Mine"}, headers=login.headers)

        owner = {"project_id": UUID(response.json()["id"]), "user_id": login.user.id}
        assert await factory.count(Membership, **owner, role="owner") == 1


class TestList:
    async def test_the_list_of_projects_contains_the_own_projects_newest_first(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login, other = await factory.login(), await factory.user()
        owned = await create_project(factory, login.user)
        await create_project(factory, other)
        joined = await create_project(factory, other, viewer=login.user)

        response = await client.get(PROJECTS, headers=login.headers)

        ids = [item["id"] for item in response.json()["items"]]
        assert ids == [str(joined.id), str(owned.id)]

    async def test_the_project_cursor_of_another_user_is_rejected(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login, other = await factory.login(), await factory.login()
        for _ in range(2):
            await create_project(factory, login.user)
        page = await client.get(PROJECTS, params={"limit": 1}, headers=login.headers)
        cursor = page.json()["next_cursor"]

        response = await client.get(PROJECTS, params={"cursor": cursor}, headers=other.headers)

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == "cursor"


class TestUpdate:
    async def test_updating_a_project_keeps_missing_fields_and_clears_null_fields(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}"
        await client.patch(path, json={"description": "In brass."}, headers=login.headers)

        renamed = await client.patch(path, json={"name": "Mill"}, headers=login.headers)
        cleared = await client.patch(path, json={"description": None}, headers=login.headers)

        assert (renamed.json()["name"], renamed.json()["description"]) == ("Mill", "In brass.")
        assert (cleared.json()["name"], cleared.json()["description"]) == ("Mill", None)

    async def test_an_update_of_a_project_without_changes_keeps_its_entity_tag(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        project = await create_project(factory, login.user)
        path = f"{PROJECTS}/{project.id}"
        before = await client.get(path, headers=login.headers)

        same = await client.patch(path, json={"name": project.name}, headers=login.headers)
        empty = await client.patch(path, json={}, headers=login.headers)

        assert before.json() == same.json() == empty.json()
        assert before.headers["ETag"] == same.headers["ETag"] == empty.headers["ETag"]


class TestDelete:
    async def test_deleting_a_project_deletes_only_its_own_members(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        deleted, kept = [await create_project(factory, login.user) for _ in range(2)]

        response = await client.delete(f"{PROJECTS}/{deleted.id}", headers=login.headers)

        assert response.status_code == 204
        assert await factory.count(Membership, project_id=deleted.id) == 0
        assert await factory.count(Membership, project_id=kept.id) == 1
        read = await client.get(f"{PROJECTS}/{deleted.id}", headers=login.headers)
        assert read.status_code == 404

    async def test_deleting_a_project_again_is_a_404(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}"

        first = await client.delete(path, headers=login.headers)
        second = await client.delete(path, headers=login.headers)

        assert (first.status_code, second.status_code) == (204, 404)


async def test_an_unknown_project_id_is_a_404(client: AsyncClient, factory: Factory) -> None:
    login = await factory.login()

    response = await client.get(f"{PROJECTS}/{new_id()}", headers=login.headers)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
