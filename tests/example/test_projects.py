"""Projects over HTTP."""

from httpx import AsyncClient

from app.core.ids import new_id
from app.projects.models import Membership
from app.tags.models import Tag
from app.tasks.models import Task
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory

PROJECTS = f"{API}/projects"


class TestCreate:
    async def test_answers_201_with_the_project_and_where_it_is(
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

    async def test_who_makes_a_project_owns_it(self, client: AsyncClient, factory: Factory) -> None:
        login = await factory.login()

        response = await client.post(PROJECTS, json={"name": "Mine"}, headers=login.headers)

        members = await client.get(
            f"{PROJECTS}/{response.json()['id']}/members", headers=login.headers
        )
        [owner] = members.json()["items"]
        assert (owner["user_id"], owner["role"]) == (str(login.user.id), "owner")


class TestList:
    async def test_shows_the_own_projects_newest_first(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login, other = await factory.login(), await factory.user()
        owned = await projects.project(login.user)
        await projects.project(other)
        joined = await projects.project(other, viewer=login.user)

        response = await client.get(PROJECTS, headers=login.headers)

        ids = [item["id"] for item in response.json()["items"]]
        assert ids == [str(joined.id), str(owned.id)]

    async def test_the_cursor_of_another_user_is_refused(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login, other = await factory.login(), await factory.login()
        for _ in range(2):
            await projects.project(login.user)
        page = await client.get(PROJECTS, params={"limit": 1}, headers=login.headers)
        cursor = page.json()["next_cursor"]

        response = await client.get(PROJECTS, params={"cursor": cursor}, headers=other.headers)

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == "cursor"


class TestUpdate:
    async def test_an_absent_field_stays_and_null_clears(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login = await factory.login()
        path = f"{PROJECTS}/{(await projects.project(login.user)).id}"
        await client.patch(path, json={"description": "In brass."}, headers=login.headers)

        renamed = await client.patch(path, json={"name": "Mill"}, headers=login.headers)
        cleared = await client.patch(path, json={"description": None}, headers=login.headers)

        assert (renamed.json()["name"], renamed.json()["description"]) == ("Mill", "In brass.")
        assert (cleared.json()["name"], cleared.json()["description"]) == ("Mill", None)

    async def test_what_changes_nothing_is_no_change(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login = await factory.login()
        project = await projects.project(login.user)
        path = f"{PROJECTS}/{project.id}"
        before = await client.get(path, headers=login.headers)

        same = await client.patch(path, json={"name": project.name}, headers=login.headers)
        empty = await client.patch(path, json={}, headers=login.headers)

        assert before.json() == same.json() == empty.json()
        assert before.headers["ETag"] == same.headers["ETag"] == empty.headers["ETag"]


class TestDelete:
    async def test_takes_along_what_lies_in_it_and_nothing_else(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login = await factory.login()
        doomed, kept = [await projects.project(login.user) for _ in range(2)]
        for project in (doomed, kept):
            await projects.task(project.id, await projects.tag(project.id))

        response = await client.delete(f"{PROJECTS}/{doomed.id}", headers=login.headers)

        assert response.status_code == 204
        for table in (Membership, Tag, Task):
            assert await projects.count(table, project_id=doomed.id) == 0
            assert await projects.count(table, project_id=kept.id) == 1
        read = await client.get(f"{PROJECTS}/{doomed.id}", headers=login.headers)
        assert read.status_code == 404

    async def test_a_second_time_there_is_nothing(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login = await factory.login()
        path = f"{PROJECTS}/{(await projects.project(login.user)).id}"

        first = await client.delete(path, headers=login.headers)
        second = await client.delete(path, headers=login.headers)

        assert (first.status_code, second.status_code) == (204, 404)


async def test_an_id_that_never_was_is_404(client: AsyncClient, factory: Factory) -> None:
    login = await factory.login()

    response = await client.get(f"{PROJECTS}/{new_id()}", headers=login.headers)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
