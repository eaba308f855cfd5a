"""Tags over HTTP."""

import pytest
from httpx import AsyncClient

from app.projects.models import Project
from app.tags.models import Tag
from app.tasks.models import TaskTag
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory, Login


def tags_of(project: Project) -> str:
    """Where the tags are."""
    return f"{API}/projects/{project.id}/tags"


@pytest.fixture
async def editor(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def project(factory: Factory, projects: ProjectFactory, editor: Login) -> Project:
    return await projects.project(await factory.user(), editor=editor.user)


class TestCreate:
    async def test_answers_201_with_the_tag_and_where_it_is(
        self, client: AsyncClient, editor: Login, project: Project
    ) -> None:
        response = await client.post(
            tags_of(project), json={"name": " Urgent "}, headers=editor.headers
        )

        tag = response.json()
        assert (response.status_code, tag["name"]) == (201, "Urgent")
        assert response.headers["Location"] == f"{tags_of(project)}/{tag['id']}"

    @pytest.mark.parametrize(
        ("taken", "name"), [("Urgent", "URGENT"), ("Straße", "STRASSE"), ("café", "CAFE\u0301")]
    )
    async def test_a_name_is_taken_whatever_its_case_and_encoding(
        self, client: AsyncClient, editor: Login, project: Project, taken: str, name: str
    ) -> None:
        await client.post(tags_of(project), json={"name": taken}, headers=editor.headers)

        response = await client.post(tags_of(project), json={"name": name}, headers=editor.headers)

        assert (response.status_code, response.json()["code"]) == (409, "tag_taken")

    async def test_another_project_may_have_a_tag_of_that_name(
        self,
        client: AsyncClient,
        editor: Login,
        project: Project,
        factory: Factory,
        projects: ProjectFactory,
    ) -> None:
        other = await projects.project(await factory.user())
        await projects.tag(other.id, "Urgent")

        response = await client.post(
            tags_of(project), json={"name": "Urgent"}, headers=editor.headers
        )

        assert response.status_code == 201

    async def test_a_name_that_grows_when_its_case_is_folded_is_stored(
        self, client: AsyncClient, editor: Login, project: Project
    ) -> None:
        longest = "\u0390" * 50  # each folds into three characters

        response = await client.post(
            tags_of(project), json={"name": longest}, headers=editor.headers
        )

        assert (response.status_code, response.json()["name"]) == (201, longest)


class TestList:
    async def test_shows_tags_by_name(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        for name in ("urgent", "Bug", "design"):
            await projects.tag(project.id, name)

        first = await client.get(tags_of(project), params={"limit": 2}, headers=editor.headers)
        second = await client.get(
            tags_of(project),
            params={"cursor": first.json()["next_cursor"]},
            headers=editor.headers,
        )

        names = [item["name"] for page in (first, second) for item in page.json()["items"]]
        assert names == ["Bug", "design", "urgent"]

    async def test_is_empty_for_a_member_and_not_there_for_a_stranger(
        self, client: AsyncClient, editor: Login, project: Project, factory: Factory
    ) -> None:
        stranger = await factory.login()

        seen = await client.get(tags_of(project), headers=editor.headers)
        unseen = await client.get(tags_of(project), headers=stranger.headers)

        assert (seen.status_code, seen.json()["items"]) == (200, [])
        assert unseen.status_code == 404


class TestUpdate:
    async def test_renames_it_on_its_tasks(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        tag = await projects.tag(project.id, "urgent")
        task = await projects.task(project.id, tag)

        response = await client.patch(
            f"{tags_of(project)}/{tag.id}", json={"name": "Soon"}, headers=editor.headers
        )

        read = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)
        assert response.json() == {"id": str(tag.id), "name": "Soon"}
        assert read.json()["tags"] == [response.json()]

    async def test_may_change_the_case_only(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        tag = await projects.tag(project.id, "urgent")

        response = await client.patch(
            f"{tags_of(project)}/{tag.id}", json={"name": "URGENT"}, headers=editor.headers
        )

        assert (response.status_code, response.json()["name"]) == (200, "URGENT")

    async def test_a_taken_name_is_a_conflict(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        tag = await projects.tag(project.id, "urgent")
        await projects.tag(project.id, "soon")

        response = await client.patch(
            f"{tags_of(project)}/{tag.id}", json={"name": "Soon"}, headers=editor.headers
        )

        assert (response.status_code, response.json()["code"]) == (409, "tag_taken")


class TestDelete:
    async def test_takes_it_off_its_tasks(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        tag = await projects.tag(project.id)
        task = await projects.task(project.id, tag)

        response = await client.delete(f"{tags_of(project)}/{tag.id}", headers=editor.headers)

        read = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)
        assert (response.status_code, read.json()["tags"]) == (204, [])
        assert await projects.count(TaskTag, tag_id=tag.id) == 0

    @pytest.mark.parametrize("method", ["PATCH", "DELETE"])
    async def test_a_tag_of_another_project_is_not_there(
        self,
        client: AsyncClient,
        editor: Login,
        project: Project,
        projects: ProjectFactory,
        method: str,
    ) -> None:
        other = await projects.project(editor.user)
        tag = await projects.tag(other.id)
        body = {"name": "Soon"} if method == "PATCH" else None

        response = await client.request(
            method, f"{tags_of(project)}/{tag.id}", json=body, headers=editor.headers
        )

        assert (response.status_code, response.json()["code"]) == (404, "not_found")
        assert await projects.count(Tag, id=tag.id, name=tag.name) == 1
