"""Lists of tasks: order, pages and filters."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.projects.models import Project
from app.tasks.models import Task, TaskStatus
from app.tasks.schemas import TaskSort
from tests.example.factory import ProjectFactory
from tests.factories import API, Factory, Login
from tests.pages import walk

START = datetime(2024, 2, 29, tzinfo=UTC)

# With equal keys in every order, undated tasks, and titles that only their bytes tell apart.
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
async def login(factory: Factory) -> Login:
    return await factory.login()


@pytest.fixture
async def project(projects: ProjectFactory, login: Login) -> Project:
    return await projects.project(login.user)


@pytest.fixture
async def tasks(projects: ProjectFactory, project: Project) -> list[Task]:
    return await projects.tasks(project.id, *FIELDS)


class Lister:
    """Reads the list of a project's tasks."""

    def __init__(self, client: AsyncClient, login: Login, project: Project) -> None:
        self._client = client
        self._login = login
        self._path = f"{API}/projects/{project.id}/tasks"

    async def get(self, **query: Any) -> Response:
        """One page."""
        return await self._client.get(self._path, params=query, headers=self._login.headers)

    async def ids(self, **query: Any) -> list[str]:
        """The ids on one page."""
        response = await self.get(**query)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json()["items"]]

    async def walk(self, **query: Any) -> list[list[str]]:
        """The ids on each page, from the first to the last."""
        return await walk(self._client, self._path, self._login.headers, **query)


@pytest.fixture
def lister(client: AsyncClient, login: Login, project: Project) -> Lister:
    return Lister(client, login, project)


def in_order(tasks: list[Task], sort: TaskSort, collate: Callable[[str], Any]) -> list[str]:
    """The ids of the tasks as the list should have them: equal keys by id, undated tasks last."""

    def key(task: Task) -> Any:
        value = getattr(task, sort.field)
        return collate(value) if sort.field == "title" else value

    dated = [task for task in tasks if getattr(task, sort.field) is not None]
    undated = [task for task in tasks if getattr(task, sort.field) is None]
    dated.sort(key=lambda task: (key(task), task.id), reverse=sort.descending)
    undated.sort(key=lambda task: task.id, reverse=sort.descending)
    return [str(task.id) for task in dated + undated]


class TestOrder:
    @pytest.mark.parametrize("limit", [1, 3, 100])
    @pytest.mark.parametrize("sort", [sort for sort in TaskSort if sort.field != "title"])
    async def test_all_tasks_come_once_each_in_order(
        self, lister: Lister, tasks: list[Task], sort: TaskSort, limit: int
    ) -> None:
        pages = await lister.walk(sort=sort.value, limit=limit)

        assert [id_ for page in pages for id_ in page] == in_order(tasks, sort, str)
        assert all(len(page) == limit for page in pages[:-1])

    @pytest.mark.parametrize("limit", [1, 3, 100])
    async def test_titles_come_in_the_order_of_the_database(
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

    async def test_the_oldest_come_first_when_nothing_is_said(
        self, lister: Lister, tasks: list[Task]
    ) -> None:
        assert await lister.ids() == in_order(tasks, TaskSort.CREATED_AT, str)

    @pytest.mark.parametrize("sort", ["due_date", "-due_date"])
    async def test_the_end_of_the_dated_tasks_may_be_the_end_of_a_page(
        self, lister: Lister, tasks: list[Task], sort: str
    ) -> None:
        dated = sum(task.due_date is not None for task in tasks)

        pages = await lister.walk(sort=sort, limit=dated)

        assert [len(page) for page in pages] == [dated, len(tasks) - dated]

    async def test_a_long_title_fits_into_a_cursor(
        self, lister: Lister, project: Project, projects: ProjectFactory
    ) -> None:
        await projects.tasks(project.id, *[{"title": '"\U0001f9ee' * 100}] * 2)

        pages = await lister.walk(sort="title", limit=1)

        assert [len(page) for page in pages] == [1, 1]


class TestCursor:
    @pytest.mark.parametrize(
        "other",
        [
            {"sort": "-priority"},
            {"sort": "created_at"},
            {"status": "todo"},
            {"assignee_id": "01a20a91-5680-70a9-b671-4a8b4d8ab4af"},
            {"q": "a"},
            {"due_before": "2030-01-01"},
        ],
        ids=str,
    )
    @pytest.mark.usefixtures("tasks")
    async def test_of_another_order_or_filter_is_refused(
        self, lister: Lister, other: dict[str, str]
    ) -> None:
        page = (await lister.get(sort="priority", limit=1)).json()

        response = await lister.get(**{"sort": "priority", "cursor": page["next_cursor"], **other})

        assert response.status_code == 422

    @pytest.mark.usefixtures("tasks")
    async def test_of_another_project_is_refused(
        self, client: AsyncClient, login: Login, lister: Lister, projects: ProjectFactory
    ) -> None:
        other = Lister(client, login, await projects.project(login.user))
        page = (await lister.get(limit=1)).json()

        response = await other.get(cursor=page["next_cursor"])

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == "cursor"

    async def test_goes_on_with_another_page_size(self, lister: Lister, tasks: list[Task]) -> None:
        page = (await lister.get(limit=1)).json()

        rest = await lister.ids(cursor=page["next_cursor"], limit=100)

        assert [page["items"][0]["id"], *rest] == in_order(tasks, TaskSort.CREATED_AT, str)

    @pytest.mark.usefixtures("tasks")
    async def test_does_not_care_in_which_order_a_filter_is_written(self, lister: Lister) -> None:
        page = (await lister.get(status=["todo", "doing"], limit=1)).json()

        response = await lister.get(status=["doing", "todo", "doing"], cursor=page["next_cursor"])

        assert response.status_code == 200

    async def test_what_comes_in_between_moves_nothing(
        self, lister: Lister, tasks: list[Task], project: Project, projects: ProjectFactory
    ) -> None:
        page = (await lister.get(sort="-priority", limit=4)).json()

        await projects.task(project.id, priority=3)

        rest = await lister.ids(sort="-priority", cursor=page["next_cursor"])
        walked = [item["id"] for item in page["items"]] + rest
        assert walked == in_order(tasks, TaskSort.PRIORITY_DESCENDING, str)


class TestFilters:
    async def test_any_of_several_states(
        self, lister: Lister, project: Project, projects: ProjectFactory
    ) -> None:
        tasks = await projects.tasks(project.id, *[{"status": status} for status in TaskStatus])

        assert await lister.ids(status=["todo", "cancelled"]) == [
            str(task.id) for task in tasks if task.status in (TaskStatus.TODO, TaskStatus.CANCELLED)
        ]

    async def test_assignee(
        self, lister: Lister, login: Login, project: Project, projects: ProjectFactory
    ) -> None:
        _, assigned = await projects.tasks(project.id, {}, {"assignee_id": login.user.id})

        assert await lister.ids(assignee_id=str(login.user.id)) == [str(assigned.id)]

    async def test_tag(self, lister: Lister, project: Project, projects: ProjectFactory) -> None:
        tag, other = [await projects.tag(project.id) for _ in range(2)]
        tagged = await projects.task(project.id, tag, other)
        await projects.task(project.id, other)

        response = await lister.get(tag_id=str(tag.id))

        [item] = response.json()["items"]
        assert item["id"] == str(tagged.id)
        assert {each["id"] for each in item["tags"]} == {str(tag.id), str(other.id)}

    @pytest.mark.usefixtures("tasks")
    async def test_a_tag_of_another_project_finds_nothing_there(
        self, lister: Lister, login: Login, projects: ProjectFactory
    ) -> None:
        elsewhere = await projects.project(login.user)
        tag = await projects.tag(elsewhere.id)
        await projects.task(elsewhere.id, tag)

        assert await lister.ids(tag_id=str(tag.id)) == []

    @pytest.mark.parametrize("sort", ["created_at", "due_date", "-due_date"])
    async def test_due_dates_without_their_bounds(
        self, lister: Lister, project: Project, projects: ProjectFactory, sort: str
    ) -> None:
        days = [date(2030, 1, day) for day in (1, 2, 3)]
        tasks = await projects.tasks(project.id, {}, *[{"due_date": day} for day in days])

        before = await lister.ids(due_before="2030-01-03", due_after="2030-01-01", sort=sort)
        after = await lister.ids(due_after="2030-01-02", sort=sort)

        assert before == [str(tasks[2].id)]
        assert after == [str(tasks[3].id)]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("MILL", [0, 1]),
            ("100%", [2]),
            ("_", [3]),
            ("%", [2]),
            ("/", [4]),
            ("\\", [4]),
            ("mill'; --", []),
        ],
    )
    async def test_text_in_title_or_description_taken_literally(
        self,
        lister: Lister,
        project: Project,
        projects: ProjectFactory,
        text: str,
        found: list[int],
    ) -> None:
        tasks = await projects.tasks(
            project.id,
            {"title": "Mend the mill"},
            {"title": "Mend", "description": "It is the Mill."},
            {"title": "100% done"},
            {"title": "snake_case"},
            {"title": "either/or \\ both"},
        )

        assert await lister.ids(q=text) == [str(tasks[number].id) for number in found]

    async def test_all_hold_together(
        self, lister: Lister, project: Project, projects: ProjectFactory
    ) -> None:
        fields = [
            {"title": title, "status": status}
            for title in ("mill", "drive")
            for status in (TaskStatus.TODO, TaskStatus.DONE)
        ]
        tasks = await projects.tasks(project.id, *fields)

        assert await lister.ids(q="mill", status="done") == [str(tasks[1].id)]

    @pytest.mark.parametrize("sort", TaskSort)
    @pytest.mark.parametrize(
        "bounds", [{}, {"due_after": "2030-01-01", "due_before": "2030-02-01"}], ids=str
    )
    async def test_hold_on_every_page_in_every_order(
        self,
        lister: Lister,
        login: Login,
        project: Project,
        projects: ProjectFactory,
        sort: TaskSort,
        bounds: dict[str, str],
    ) -> None:
        tag = await projects.tag(project.id)
        fields = {"title": "mill", "assignee_id": login.user.id}
        due_dates = [date(2030, 1, 3), None, date(2030, 1, 2), date(2031, 1, 1), date(2030, 1, 2)]
        alike = [
            await projects.task(project.id, tag, **fields, priority=number % 2, due_date=due_date)
            for number, due_date in enumerate(due_dates)
        ]
        for other in ({"status": TaskStatus.DONE}, {"title": "drive"}, {"assignee_id": None}):
            await projects.task(project.id, tag, **fields | {"due_date": date(2030, 1, 2)} | other)
        await projects.task(project.id, **fields, due_date=date(2030, 1, 2))

        pages = await lister.walk(
            sort=sort.value,
            limit=1,
            q="mill",
            status="todo",
            tag_id=str(tag.id),
            assignee_id=str(login.user.id),
            **bounds,
        )

        wanted = [task for task in alike if not bounds or (task.due_date or date.max).year == 2030]
        assert [id_ for page in pages for id_ in page] == in_order(wanted, sort, str)

    async def test_only_tasks_of_the_project_are_shown(
        self, lister: Lister, login: Login, tasks: list[Task], projects: ProjectFactory
    ) -> None:
        await projects.task((await projects.project(login.user)).id)

        assert len(await lister.ids()) == len(tasks)

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ({"sort": "id"}, "sort"),
            ({"sort": "-"}, "sort"),
            ({"status": "late"}, "status"),
            ({"status": ["todo"] * 5}, "status"),
            ({"assignee_id": "me"}, "assignee_id"),
            ({"due_before": "tomorrow"}, "due_before"),
            ({"due_before": "1767225600"}, "due_before"),
            ({"q": ""}, "q"),
            ({"q": "x" * 201}, "q"),
            ({"q": "\0"}, "q"),
            ({"offset": "1"}, "offset"),
        ],
        ids=str,
    )
    async def test_what_is_no_filter_is_refused(
        self, lister: Lister, query: dict[str, Any], parameter: str
    ) -> None:
        response = await lister.get(**query)

        assert response.status_code == 422
        assert response.json()["errors"][0]["parameter"] == parameter
