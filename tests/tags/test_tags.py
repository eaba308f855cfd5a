"""Tags over HTTP."""

from asyncio import gather
from collections import Counter
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.core.tables import name_key
from app.projects.models import Project
from app.tags.models import TAG_NAME_MAX_LENGTH, Tag
from tests.projects.factory import create_project
from tests.projects.races import FEW_ROUNDS
from tests.support.factories import API, Factory, Login
from tests.support.pages import walk
from tests.tags.factory import create_tag


def tags_of(project: Project) -> str:
    """Return the path of the project's tags."""
    return f"{API}/projects/{project.id}/tags"


@pytest.fixture
async def editor(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def project(factory: Factory, editor: Login) -> Project:
    return await create_project(factory, await factory.user(), editor=editor.user)


class TestCreate:
    # Each character of the second name grows to three when its case is folded.
    @pytest.mark.parametrize("name", [" Urgent ", "\u0390" * TAG_NAME_MAX_LENGTH])
    async def test_creating_a_tag_returns_it_with_201_and_its_location(
        self, editor: Login, project: Project, name: str
    ) -> None:
        path = tags_of(project)

        response = await editor.post(path, json={"name": name})

        tag = response.json()
        assert (response.status_code, tag["name"]) == (201, name.strip())
        assert response.headers["Location"] == f"{path}/{tag['id']}"
        assert (await editor.get(path)).json()["items"] == [tag]

    @pytest.mark.parametrize("name", ["", " \t ", "x" * 51, "two\nlines", None])
    async def test_creating_a_tag_with_an_invalid_name_is_a_422(
        self, editor: Login, project: Project, name: str | None
    ) -> None:
        response = await editor.post(tags_of(project), json={"name": name})

        assert response.status_code == 422
        assert [error["pointer"] for error in response.json()["errors"]] == ["/name"]

    @pytest.mark.parametrize(
        ("taken", "name"), [("Urgent", "URGENT"), ("Straße", "STRASSE"), ("café", "CAFE\u0301")]
    )
    async def test_a_tag_name_that_differs_only_in_case_or_encoding_is_a_409_in_its_project(
        self, factory: Factory, editor: Login, taken: str, name: str
    ) -> None:
        one, other = [await create_project(factory, editor.user) for _ in range(2)]
        await create_tag(factory, one.id, taken)

        same = await editor.post(tags_of(one), json={"name": name})
        elsewhere = await editor.post(tags_of(other), json={"name": name})

        assert (same.status_code, same.json()["code"]) == (409, "tag_taken")
        assert elsewhere.status_code == 201

    async def test_only_one_of_several_concurrent_tags_of_the_same_name_is_created(
        self, live_factory: Factory
    ) -> None:
        owner = await live_factory.login()
        path = tags_of(await create_project(live_factory, owner.user))
        names = ["urgent", "Urgent", "URGENT"] * 3

        responses = await gather(*[owner.post(path, json={"name": name}) for name in names])

        assert Counter(response.status_code for response in responses) == {201: 1, 409: 8}


class TestList:
    async def test_the_list_of_tags_is_sorted_by_name(
        self, client: AsyncClient, factory: Factory, editor: Login, project: Project
    ) -> None:
        for name in ("urgent", "Bug", "design"):
            await create_tag(factory, project.id, name)

        pages = await walk(client, tags_of(project), editor.headers, item="name", limit=2)

        assert pages == [["Bug", "design"], ["urgent"]]


class TestUpdate:
    @pytest.mark.parametrize("name", ["Soon", "URGENT"])
    async def test_a_tag_can_be_renamed_also_only_in_its_case(
        self, factory: Factory, editor: Login, project: Project, name: str
    ) -> None:
        tag = await create_tag(factory, project.id, "urgent")
        path = f"{tags_of(project)}/{tag.id}"

        response = await editor.patch(path, json={"name": name})

        assert response.json() == {"id": str(tag.id), "name": name}
        assert await factory.count(Tag, id=tag.id, name=name, name_key=name_key(name)) == 1

    async def test_renaming_a_tag_to_a_taken_name_is_a_409(
        self, factory: Factory, editor: Login, project: Project
    ) -> None:
        tag = await create_tag(factory, project.id, "urgent")
        await create_tag(factory, project.id, "soon")
        path = f"{tags_of(project)}/{tag.id}"

        response = await editor.patch(path, json={"name": "Soon"})

        assert (response.status_code, response.json()["code"]) == (409, "tag_taken")

    async def test_concurrent_renames_of_a_tag_leave_a_name_that_fits_its_name_key(
        self, live_factory: Factory
    ) -> None:
        owner = await live_factory.login()
        names = ["soon", "URGENT", "Soon", "later"]
        for _ in range(FEW_ROUNDS):
            project = await create_project(live_factory, owner.user)
            tag = await create_tag(live_factory, project.id, "urgent")
            path = f"{tags_of(project)}/{tag.id}"

            responses = await gather(*[owner.patch(path, json={"name": name}) for name in names])

            assert {response.status_code for response in responses} == {200}
            stored = [{"id": tag.id, "name": name, "name_key": name_key(name)} for name in names]
            assert sum([await live_factory.count(Tag, **values) for values in stored]) == 1


class TestDelete:
    async def test_a_deleted_tag_is_a_404(
        self, factory: Factory, editor: Login, project: Project
    ) -> None:
        tag = await create_tag(factory, project.id)
        path = f"{tags_of(project)}/{tag.id}"

        deleted = await editor.delete(path)
        again = await editor.delete(path)

        assert (deleted.status_code, again.status_code) == (204, 404)

    async def test_changing_and_deleting_a_tag_of_another_project_is_a_404(
        self, factory: Factory, editor: Login, project: Project
    ) -> None:
        other = await create_project(factory, editor.user)
        tag = await create_tag(factory, other.id)
        path = f"{tags_of(project)}/{tag.id}"

        changed = await editor.patch(path, json={"name": "Soon"})
        deleted = await editor.delete(path)

        assert (changed.status_code, deleted.status_code) == (404, 404)
        assert await factory.count(Tag, id=tag.id, name=tag.name) == 1

    async def test_changing_and_deleting_an_unknown_tag_is_a_404_for_viewers_too(
        self, factory: Factory
    ) -> None:
        viewer = await factory.login()
        project = await create_project(factory, await factory.user(), viewer=viewer.user)
        path = f"{tags_of(project)}/{uuid4()}"

        changed = await viewer.patch(path, json={"name": "Soon"})
        deleted = await viewer.delete(path)

        assert (changed.status_code, deleted.status_code) == (404, 404)

    async def test_a_tag_that_is_renamed_during_its_deletion_is_gone(
        self, live_factory: Factory
    ) -> None:
        owner = await live_factory.login()
        project = await create_project(live_factory, owner.user)
        for number in range(FEW_ROUNDS):
            tag = await create_tag(live_factory, project.id)
            path = f"{tags_of(project)}/{tag.id}"

            deletion, renaming = await gather(
                owner.delete(path), owner.patch(path, json={"name": f"tag {number}"})
            )

            assert deletion.status_code == 204
            assert renaming.status_code in {200, 404}
            assert await live_factory.count(Tag, id=tag.id) == 0

    async def test_deleting_a_project_deletes_its_tags_also_during_changes_of_them(
        self, live_factory: Factory
    ) -> None:
        owner = await live_factory.login()
        for _ in range(FEW_ROUNDS):
            project = await create_project(live_factory, owner.user)
            path = tags_of(project)
            tag = await create_tag(live_factory, project.id)

            deletion, *changes = await gather(
                owner.delete(f"{API}/projects/{project.id}"),
                owner.post(path, json={"name": "New"}),
                owner.patch(f"{path}/{tag.id}", json={"name": "Soon"}),
                owner.delete(f"{path}/{tag.id}"),
            )

            assert deletion.status_code == 204
            assert {response.status_code for response in changes} <= {200, 201, 204, 404}
            assert await live_factory.count(Tag, project_id=project.id) == 0


async def test_each_change_of_a_tag_adds_an_entry_to_the_audit_trail(factory: Factory) -> None:
    owner = await factory.login()
    project = await create_project(factory, owner.user)

    created = await owner.post(tags_of(project), json={"name": "Bug"})
    path = created.headers["Location"]
    await owner.patch(path, json={"name": "Soon"})
    await owner.delete(path)
    await owner.delete(path)

    activity = await owner.get(f"{API}/projects/{project.id}/activity")
    actions = [item["action"] for item in activity.json()["items"]]
    assert actions == ["tag.deleted", "tag.updated", "tag.created"]
