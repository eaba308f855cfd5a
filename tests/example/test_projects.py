"""Projects over HTTP."""

from httpx import AsyncClient

from app.core.ids import new_id
from app.models.projects import MemberRole, Membership, Project
from app.models.tags import Tag
from app.models.tasks import Task
from tests.example.factory import ProjectFactory
from tests.factories import API, PASSWORD, Factory

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


class TestActivity:
    async def test_tells_owners_what_was_done_by_whom_under_which_request(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        created = await client.post(
            PROJECTS, json={"name": "Engine"}, headers={**login.headers, "X-Request-ID": "first"}
        )
        path = created.headers["Location"]
        task = await client.post(f"{path}/tasks", json={"title": "Mend"}, headers=login.headers)
        await client.patch(
            task.headers["Location"],
            json={"status": "done", "priority": 3},
            headers={**login.headers, "X-Request-ID": "third"},
        )

        response = await client.get(f"{path}/activity", headers=login.headers)

        newest, _, oldest = response.json()["items"]
        assert (newest["action"], oldest["action"]) == ("task.updated", "project.created")
        assert (newest["request_id"], oldest["request_id"]) == ("third", "first")
        assert newest["actor_id"] == oldest["actor_id"] == str(login.user.id)
        assert newest["resource_id"] == task.json()["id"]
        assert newest["scope_id"] == oldest["resource_id"] == created.json()["id"]
        assert newest["details"] == {"fields": "status, priority"}

    async def test_every_change_leaves_a_trace(self, client: AsyncClient, factory: Factory) -> None:
        login = await factory.login()
        invitee = await factory.user(verified=True)
        created = await client.post(PROJECTS, json={"name": "Engine"}, headers=login.headers)
        path = created.headers["Location"]
        member = f"{path}/members/{invitee.id}"
        tag, task = [
            (await client.post(f"{path}/{what}", json=body, headers=login.headers)).json()["id"]
            for what, body in [("tags", {"name": "Urgent"}), ("tasks", {"title": "Mend"})]
        ]

        for method, url, body in [
            ("PATCH", path, {"name": "Mill"}),
            ("POST", f"{path}/members", {"email": invitee.email, "role": "viewer"}),
            ("PATCH", member, {"role": "editor"}),
            ("DELETE", member, None),
            ("PATCH", f"{path}/tags/{tag}", {"name": "Soon"}),
            ("PUT", f"{API}/tasks/{task}/tags", {"tag_ids": [tag]}),
            ("DELETE", f"{path}/tags/{tag}", None),
            ("DELETE", f"{API}/tasks/{task}", None),
        ]:
            await client.request(method, url, json=body, headers=login.headers)

        trail = await client.get(f"{path}/activity", headers=login.headers)
        assert [item["action"] for item in reversed(trail.json()["items"])] == [
            "project.created",
            "tag.created",
            "task.created",
            "project.updated",
            "member.added",
            "member.changed",
            "member.removed",
            "tag.updated",
            "task.updated",
            "tag.deleted",
            "task.deleted",
        ]

    async def test_a_refusal_leaves_none(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login, owner = await factory.login(), await factory.login()
        project = await projects.project(owner.user, viewer=login.user)
        path = f"{PROJECTS}/{project.id}"

        refused = await client.patch(path, json={"name": "Mine"}, headers=login.headers)

        trail = await client.get(f"{path}/activity", headers=owner.headers)
        assert (refused.status_code, trail.json()["items"]) == (403, [])

    async def test_outlives_the_project_but_is_shown_to_nobody_then(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
    ) -> None:
        login, admin = await factory.login(), await factory.admin()
        path = f"{PROJECTS}/{(await projects.project(login.user)).id}"

        await client.delete(path, headers=login.headers)

        trail = await client.get(f"{path}/activity", headers=login.headers)
        of_user = await client.get(f"{API}/users/{login.user.id}/activity", headers=admin.headers)
        assert trail.status_code == 404
        assert [item["action"] for item in of_user.json()["items"]] == ["project.deleted"]


class TestOwnersWhoGo:
    async def test_a_project_with_other_members_keeps_its_only_owner(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
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
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
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

    async def test_their_tasks_stay_unassigned(
        self, client: AsyncClient, factory: Factory, projects: ProjectFactory
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


async def test_an_id_that_never_was_is_404(client: AsyncClient, factory: Factory) -> None:
    login = await factory.login()

    response = await client.get(f"{PROJECTS}/{new_id()}", headers=login.headers)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
