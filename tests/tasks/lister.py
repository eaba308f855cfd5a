"""Client of lists of tasks, and their expected order."""

from collections.abc import Callable
from typing import Any

from httpx import AsyncClient, Response

from app.projects.models import Project
from app.tasks.models import Task
from app.tasks.schemas import TaskSort
from tests.support.factories import API, Login
from tests.support.pages import walk


class Lister:
    """Client of the list of a project's tasks."""

    def __init__(self, client: AsyncClient, login: Login, project: Project) -> None:
        self._client = client
        self._login = login
        self._path = f"{API}/projects/{project.id}/tasks"

    async def get(self, **query: Any) -> Response:
        return await self._client.get(self._path, params=query, headers=self._login.headers)

    async def ids(self, **query: Any) -> list[str]:
        response = await self.get(**query)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["items"]]

    async def walk(self, **query: Any) -> list[list[str]]:
        """Return the ids on each page, from the first to the last."""
        return await walk(self._client, self._path, self._login.headers, **query)


def in_order(tasks: list[Task], sort: TaskSort, collate: Callable[[str], Any]) -> list[str]:
    """Return the ids in the expected order: equal keys by id, undated tasks last."""

    def key(task: Task) -> Any:
        value = getattr(task, sort.field)
        return collate(value) if sort.field == "title" else value

    dated = [task for task in tasks if getattr(task, sort.field) is not None]
    undated = [task for task in tasks if getattr(task, sort.field) is None]
    dated.sort(key=lambda task: (key(task), task.id), reverse=sort.descending)
    undated.sort(key=lambda task: task.id, reverse=sort.descending)
    return [str(task.id) for task in dated + undated]
