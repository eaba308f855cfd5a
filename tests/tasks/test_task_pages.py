"""Lists of tasks: order and pages."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from app.projects.models import Project
from app.tasks.models import Task
from app.tasks.schemas import TaskSort
from tests.projects.factory import create_project
from tests.support.factories import Factory, Login
from tests.tasks.factory import create_shared_task, create_task, create_tasks
from tests.tasks.lister import Lister, in_order

START = datetime(2024, 2, 29, tzinfo=UTC)

# Equal keys in every order, undated tasks, and titles that differ only in their bytes.
FIELDS: list[dict[str, Any]] = [
    {
        "title": title,
        "priority": number % 3,
        "due_date": None if number % 4 == 0 else date(2030, 1, 1 + number % 2),
        "created_at": START + timedelta(minutes=number // 3),
    }
    for number, title in enumerate(["b", "a", "B", "a", "é", "c", "a", "ab", "a b", "b", "z", "a"])
]


@pytest.fixture
async def tasks(factory: Factory, project: Project) -> list[Task]:
    return await create_tasks(factory, project.id, *FIELDS)


class TestOrder:
    @pytest.mark.parametrize("limit", [1, 3, 100])
    @pytest.mark.parametrize("sort", [sort for sort in TaskSort if sort.field != "title"])
    async def test_each_task_is_listed_once_in_the_requested_order(
        self, lister: Lister, tasks: list[Task], sort: TaskSort, limit: int
    ) -> None:
        pages = await lister.walk(sort=sort.value, limit=limit)

        assert [id_ for page in pages for id_ in page] == in_order(tasks, sort, str)
        assert all(len(page) == limit for page in pages[:-1])

    @pytest.mark.parametrize("limit", [1, 3, 100])
    async def test_tasks_sorted_by_title_are_in_the_order_of_the_database(
        self, lister: Lister, tasks: list[Task], limit: int
    ) -> None:
        forwards = await lister.walk(sort="title", limit=limit)
        backwards = await lister.walk(sort="-title", limit=limit)

        walked = [id_ for page in forwards for id_ in page]
        titles = {str(task.id): task.title for task in tasks}
        assert sorted(walked) == sorted(titles)
        assert [id_ for page in backwards for id_ in page] == walked[::-1]
        same = [task for task in tasks if task.title == "a"]
        assert [id_ for id_ in walked if titles[id_] == "a"] == [str(task.id) for task in same]

    async def test_tasks_are_sorted_oldest_first_by_default(
        self, lister: Lister, tasks: list[Task]
    ) -> None:
        assert await lister.ids() == in_order(tasks, TaskSort.CREATED_AT, str)

    @pytest.mark.parametrize("sort", ["due_date", "-due_date"])
    async def test_a_page_of_tasks_may_end_with_the_last_dated_task(
        self, lister: Lister, tasks: list[Task], sort: str
    ) -> None:
        dated = sum(task.due_date is not None for task in tasks)

        pages = await lister.walk(sort=sort, limit=dated)

        assert [len(page) for page in pages] == [dated, len(tasks) - dated]

    async def test_a_cursor_accepts_a_task_title_of_maximum_length(
        self, lister: Lister, project: Project, factory: Factory
    ) -> None:
        await create_tasks(factory, project.id, *[{"title": '"\U0001f9ee' * 100}] * 2)

        pages = await lister.walk(sort="title", limit=1)

        assert [len(page) for page in pages] == [1, 1]

    async def test_the_list_of_tasks_contains_only_tasks_of_the_project(
        self, lister: Lister, login: Login, tasks: list[Task], factory: Factory
    ) -> None:
        await create_shared_task(factory, login.user)

        assert len(await lister.ids()) == len(tasks)


class TestCursor:
    @pytest.mark.parametrize(
        "other",
        [
            {"sort": "-priority"}, {"sort": "created_at"}, {"status": "todo"},
            {"assignee_id": "01a20a91-5680-70a9-b671-4a8b4d8ab4af"}, {"q": "a"},
            {"due_before": "2030-01-01"},
        ],
        ids=str,
    )  # fmt: skip
    @pytest.mark.usefixtures("tasks")
    async def test_a_task_cursor_of_another_order_or_filter_is_rejected(
        self, lister: Lister, other: dict[str, str]
    ) -> None:
        page = (await lister.get(sort="priority", limit=1)).json()

        response = await lister.get(**{"sort": "priority", "cursor": page["next_cursor"], **other})

        assert response.status_code == 422

    @pytest.mark.usefixtures("tasks")
    async def test_a_task_cursor_of_another_project_is_rejected(
        self, client: AsyncClient, login: Login, lister: Lister, factory: Factory
    ) -> None:
        other = Lister(client, login, await create_project(factory, login.user))
        page = (await lister.get(limit=1)).json()

        response = await other.get(cursor=page["next_cursor"])

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == "cursor"

    async def test_a_task_cursor_is_valid_for_another_page_size(
        self, lister: Lister, tasks: list[Task]
    ) -> None:
        page = (await lister.get(limit=1)).json()

        rest = await lister.ids(cursor=page["next_cursor"], limit=100)

        assert [page["items"][0]["id"], *rest] == in_order(tasks, TaskSort.CREATED_AT, str)

    @pytest.mark.usefixtures("tasks")
    async def test_a_task_cursor_is_valid_for_filter_values_in_another_order(
        self, lister: Lister
    ) -> None:
        page = (await lister.get(status=["todo", "doing"], limit=1)).json()

        response = await lister.get(status=["doing", "todo", "doing"], cursor=page["next_cursor"])

        assert response.status_code == 200

    async def test_a_task_added_between_two_pages_does_not_shift_the_second_page(
        self, lister: Lister, tasks: list[Task], project: Project, factory: Factory
    ) -> None:
        page = (await lister.get(sort="-priority", limit=4)).json()

        await create_task(factory, project.id, priority=3)

        rest = await lister.ids(sort="-priority", cursor=page["next_cursor"])
        walked = [item["id"] for item in page["items"]] + rest
        assert walked == in_order(tasks, TaskSort.PRIORITY_DESCENDING, str)
