"""Tasks over HTTP."""

import pytest
from httpx import AsyncClient

from app.core.ids import new_id
from app.projects.models import Project
from app.tasks.models import Task, TaskTag
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory, Login


def tasks_of(project: Project) -> str:
    """Where the tasks are."""
    return f"{API}/projects/{project.id}/tasks"


@pytest.fixture
async def editor(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def project(factory: Factory, projects: ProjectFactory, editor: Login) -> Project:
    return await projects.project(await factory.user(), editor=editor.user)


class TestCreate:
    async def test_answers_201_with_the_task_and_where_it_is(
        self, client: AsyncClient, editor: Login, project: Project
    ) -> None:
        body = {
            "title": " Mend the mill ",
            "description": "Soon.",
            "status": "doing",
            "priority": 3,
            "due_date": "2030-02-28",
            "assignee_id": str(editor.user.id),
        }

        response = await client.post(tasks_of(project), json=body, headers=editor.headers)

        task = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"{API}/tasks/{task['id']}"
        assert {**body, "title": "Mend the mill"}.items() <= task.items()
        assert task["assignee"] == {"id": str(editor.user.id), "full_name": None}
        assert (task["project_id"], task["tags"]) == (str(project.id), [])
        read = await client.get(response.headers["Location"], headers=editor.headers)
        assert (read.json(), read.headers["ETag"]) == (task, response.headers["ETag"])

    async def test_a_title_is_all_that_it_needs(
        self, client: AsyncClient, editor: Login, project: Project
    ) -> None:
        response = await client.post(
            tasks_of(project), json={"title": "Mend"}, headers=editor.headers
        )

        task = response.json()
        assert (response.status_code, task["status"], task["priority"]) == (201, "todo", 0)
        assert (task["description"], task["due_date"], task["assignee"]) == (None, None, None)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("due_date", 0),
            ("due_date", "2030-02-30"),
            ("due_date", "2030-02-28T00:00:00Z"),
            ("due_date", "٢٠٣٠-٠٢-٢٨"),
            ("priority", 4),
            ("priority", True),
            ("status", "TODO"),
            ("title", "x" * 201),
            ("description", "x" * 10_001),
            ("description", "bell\a"),
        ],
    )
    async def test_refuses_what_no_task_has(
        self, client: AsyncClient, editor: Login, project: Project, field: str, value: object
    ) -> None:
        body = {"title": "Mend", field: value}

        response = await client.post(tasks_of(project), json=body, headers=editor.headers)

        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == f"/{field}"


class TestAssignee:
    async def test_has_to_be_a_member(
        self, client: AsyncClient, editor: Login, project: Project, factory: Factory
    ) -> None:
        stranger = await factory.user()
        task = (
            await client.post(tasks_of(project), json={"title": "Mend"}, headers=editor.headers)
        ).json()

        responses = [
            await client.request(
                method,
                path,
                json={"title": "Mend", "assignee_id": str(id_)},
                headers=editor.headers,
            )
            for method, path in [
                ("POST", tasks_of(project)),
                ("PATCH", f"{API}/tasks/{task['id']}"),
            ]
            for id_ in (stranger.id, new_id())
        ]

        assert [response.status_code for response in responses] == [422] * 4
        problem = responses[0].json()
        assert problem["code"] == "assignee_not_member"
        assert problem["errors"][0]["pointer"] == "/assignee_id"

    async def test_is_changed_and_cleared(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        task = await projects.task(project.id)
        path = f"{API}/tasks/{task.id}"

        assigned = await client.patch(
            path, json={"assignee_id": str(editor.user.id)}, headers=editor.headers
        )
        cleared = await client.patch(path, json={"assignee_id": None}, headers=editor.headers)

        assert assigned.json()["assignee"]["id"] == str(editor.user.id)
        assert (cleared.json()["assignee_id"], cleared.json()["assignee"]) == (None, None)


class TestUpdate:
    async def test_an_absent_field_stays_and_null_clears(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        task = await projects.task(project.id, description="Soon.", priority=2)
        path = f"{API}/tasks/{task.id}"

        response = await client.patch(
            path, json={"description": None, "status": "done"}, headers=editor.headers
        )

        changed = response.json()
        assert (changed["description"], changed["status"]) == (None, "done")
        assert (changed["title"], changed["priority"]) == (task.title, 2)
        assert changed["updated_at"] > changed["created_at"]


class TestTags:
    async def test_are_replaced_and_duplicates_ignored(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        old, kept, new = [await projects.tag(project.id, name) for name in ("c", "b", "a")]
        task = await projects.task(project.id, old, kept)
        body = {"tag_ids": [str(kept.id), str(new.id), str(kept.id)]}

        response = await client.put(
            f"{API}/tasks/{task.id}/tags", json=body, headers=editor.headers
        )

        assert response.status_code == 200
        assert [tag["name"] for tag in response.json()["tags"]] == ["a", "b"]
        read = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)
        assert (read.json(), read.headers["ETag"]) == (response.json(), response.headers["ETag"])

    async def test_the_same_tags_are_no_change(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        tags = [await projects.tag(project.id, name) for name in ("b", "a")]
        task = await projects.task(project.id, *tags)
        before = await client.get(f"{API}/tasks/{task.id}", headers=editor.headers)

        response = await client.put(
            f"{API}/tasks/{task.id}/tags",
            json={"tag_ids": [str(tag.id) for tag in tags]},
            headers=editor.headers,
        )

        assert response.headers["ETag"] == before.headers["ETag"]

    async def test_of_another_project_change_nothing(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        own = await projects.tag(project.id)
        foreign = await projects.tag((await projects.project(editor.user)).id)
        task = await projects.task(project.id, own)

        responses = [
            await client.put(
                f"{API}/tasks/{task.id}/tags",
                json={"tag_ids": [str(id_)]},
                headers=editor.headers,
            )
            for id_ in (foreign.id, new_id())
        ]

        assert [response.status_code for response in responses] == [422, 422]
        assert responses[0].json()["code"] == "tag_not_in_project"
        assert responses[0].json()["errors"][0]["pointer"] == "/tag_ids"
        assert await projects.count(TaskTag, task_id=task.id, tag_id=own.id) == 1


class TestDelete:
    async def test_takes_its_links_along(
        self, client: AsyncClient, editor: Login, project: Project, projects: ProjectFactory
    ) -> None:
        task = await projects.task(project.id, await projects.tag(project.id))

        response = await client.delete(f"{API}/tasks/{task.id}", headers=editor.headers)

        assert response.status_code == 204
        assert await projects.count(Task, id=task.id) == 0
        assert await projects.count(TaskTag, task_id=task.id) == 0
