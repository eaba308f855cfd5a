"""Projects over HTTP."""

from uuid import UUID

from app.projects.models import Membership
from app.runtime.resources import Resources
from tests.projects.factory import create_project
from tests.support.factories import API, Factory, Login
from tests.support.observation import overtaken

PROJECTS = f"{API}/projects"


async def test_creating_a_project_returns_201_with_the_project_and_its_location(
    login: Login,
) -> None:
    body = {"name": " Analytical engine ", "description": "In brass.\n"}

    response = await login.post(PROJECTS, json=body)

    project = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{PROJECTS}/{project['id']}"
    assert (project["name"], project["description"]) == ("Analytical engine", "In brass.\n")
    assert project["created_at"] == project["updated_at"]
    read = await login.get(response.headers["Location"])
    assert read.json() == project


async def test_the_creator_of_a_project_is_its_owner(factory: Factory, login: Login) -> None:
    response = await login.post(PROJECTS, json={"name": "Mine"})

    owner = {"project_id": UUID(response.json()["id"]), "user_id": login.user.id}
    assert await factory.count(Membership, **owner, role="owner") == 1


async def test_the_list_of_projects_contains_the_own_projects_newest_first(
    factory: Factory,
) -> None:
    login, other = await factory.login(), await factory.user()
    owned = await create_project(factory, login.user)
    await create_project(factory, other)
    joined = await create_project(factory, other, viewer=login.user)

    response = await login.get(PROJECTS)

    ids = [item["id"] for item in response.json()["items"]]
    assert ids == [str(joined.id), str(owned.id)]


async def test_the_project_cursor_of_another_user_is_rejected(factory: Factory) -> None:
    login, other = await factory.login(), await factory.login()
    for _ in range(2):
        await create_project(factory, login.user)
    page = await login.get(PROJECTS, params={"limit": 1})
    cursor = page.json()["next_cursor"]

    response = await other.get(PROJECTS, params={"cursor": cursor})

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "cursor"


async def test_updating_a_project_keeps_missing_fields_and_clears_null_fields(
    factory: Factory, login: Login
) -> None:
    path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}"
    await login.patch(path, json={"description": "In brass."})

    renamed = await login.patch(path, json={"name": "Mill"})
    cleared = await login.patch(path, json={"description": None})

    assert (renamed.json()["name"], renamed.json()["description"]) == ("Mill", "In brass.")
    assert (cleared.json()["name"], cleared.json()["description"]) == ("Mill", None)


async def test_an_update_of_a_project_without_changes_keeps_its_entity_tag(
    factory: Factory, login: Login
) -> None:
    project = await create_project(factory, login.user)
    path = f"{PROJECTS}/{project.id}"
    before = await login.get(path)

    same = await login.patch(path, json={"name": project.name})
    empty = await login.patch(path, json={})

    assert before.json() == same.json() == empty.json()
    assert before.headers["ETag"] == same.headers["ETag"] == empty.headers["ETag"]


async def test_a_project_that_is_deleted_during_its_update_is_a_404(
    factory: Factory, login: Login, resources: Resources
) -> None:
    path = f"{PROJECTS}/{(await create_project(factory, login.user)).id}"

    with overtaken(resources, "SELECT projects.", "DELETE FROM projects"):
        response = await login.patch(path, json={"name": "Mill"})

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_deleting_a_project_deletes_only_its_own_members(
    factory: Factory, login: Login
) -> None:
    deleted, kept = [await create_project(factory, login.user) for _ in range(2)]

    response = await login.delete(f"{PROJECTS}/{deleted.id}")

    assert response.status_code == 204
    assert await factory.count(Membership, project_id=deleted.id) == 0
    assert await factory.count(Membership, project_id=kept.id) == 1
    read = await login.get(f"{PROJECTS}/{deleted.id}")
    assert read.status_code == 404
