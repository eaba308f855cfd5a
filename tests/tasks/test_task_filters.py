"""Filters of lists of tasks."""

from datetime import date
from typing import Any

import pytest

from app.projects.models import Project
from app.tasks.models import TaskStatus
from app.tasks.schemas import TaskSort
from tests.projects.factory import create_project
from tests.support.factories import Factory, Login
from tests.tags.factory import create_tag
from tests.tasks.factory import create_task, create_tasks
from tests.tasks.lister import Lister, in_order


async def test_a_filter_by_several_states_finds_tasks_in_any_of_them(
    lister: Lister, project: Project, factory: Factory
) -> None:
    tasks = await create_tasks(factory, project.id, *[{"status": status} for status in TaskStatus])

    assert await lister.ids(status=["todo", "cancelled"]) == [
        str(task.id) for task in tasks if task.status in (TaskStatus.TODO, TaskStatus.CANCELLED)
    ]


async def test_a_filter_by_assignee_finds_the_assigned_tasks(
    lister: Lister, login: Login, project: Project, factory: Factory
) -> None:
    _, assigned = await create_tasks(factory, project.id, {}, {"assignee_id": login.user.id})

    assert await lister.ids(assignee_id=str(login.user.id)) == [str(assigned.id)]


async def test_a_filter_by_tag_finds_the_tasks_with_all_their_tags(
    lister: Lister, project: Project, factory: Factory
) -> None:
    tag, other = [await create_tag(factory, project.id) for _ in range(2)]
    tagged = await create_task(factory, project.id, tag, other)
    await create_task(factory, project.id, other)

    response = await lister.get(tag_id=str(tag.id))

    [item] = response.json()["items"]
    assert item["id"] == str(tagged.id)
    assert {item_tag["id"] for item_tag in item["tags"]} == {str(tag.id), str(other.id)}


async def test_a_filter_by_a_tag_of_another_project_finds_no_tasks(
    lister: Lister, login: Login, project: Project, factory: Factory
) -> None:
    elsewhere = await create_project(factory, login.user)
    tag = await create_tag(factory, elsewhere.id)
    await create_task(factory, elsewhere.id, tag)
    await create_task(factory, project.id)

    assert await lister.ids(tag_id=str(tag.id)) == []


@pytest.mark.parametrize("sort", ["created_at", "due_date", "-due_date"])
async def test_a_filter_by_due_dates_excludes_the_bounds(
    lister: Lister, project: Project, factory: Factory, sort: str
) -> None:
    days = [date(2030, 1, day) for day in (1, 2, 3)]
    tasks = await create_tasks(factory, project.id, {}, *[{"due_date": day} for day in days])

    before = await lister.ids(due_before="2030-01-03", due_after="2030-01-01", sort=sort)
    after = await lister.ids(due_after="2030-01-02", sort=sort)

    assert before == [str(tasks[2].id)]
    assert after == [str(tasks[3].id)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MILL", [0, 1]), ("100%", [2]), ("_", [3]), ("%", [2]), ("/", [4]), ("\\", [4]),
        ("mill'; --", []),
    ],
)  # fmt: skip
async def test_a_filter_by_text_searches_title_and_description_literally(
    lister: Lister, project: Project, factory: Factory, text: str, found: list[int]
) -> None:
    tasks = await create_tasks(
        factory,
        project.id,
        {"title": "Repair the mill"},
        {"title": "Repair", "description": "It is the Mill."},
        {"title": "100% done"},
        {"title": "snake_case"},
        {"title": "either/or \\ both"},
    )

    assert await lister.ids(q=text) == [str(tasks[number].id) for number in found]


async def test_all_filters_of_tasks_apply_together(
    lister: Lister, project: Project, factory: Factory
) -> None:
    fields = [
        {"title": title, "status": status}
        for title in ("mill", "drive")
        for status in (TaskStatus.TODO, TaskStatus.DONE)
    ]
    tasks = await create_tasks(factory, project.id, *fields)

    assert await lister.ids(q="mill", status="done") == [str(tasks[1].id)]


@pytest.mark.parametrize("sort", TaskSort)
@pytest.mark.parametrize(
    "bounds", [{}, {"due_after": "2030-01-01", "due_before": "2030-02-01"}], ids=str
)
async def test_filters_of_tasks_apply_on_each_page_in_each_order(
    lister: Lister,
    login: Login,
    project: Project,
    factory: Factory,
    sort: TaskSort,
    bounds: dict[str, str],
) -> None:
    tag = await create_tag(factory, project.id)
    fields = {"title": "mill", "assignee_id": login.user.id}
    due_dates = [date(2030, 1, 3), None, date(2030, 1, 2), date(2031, 1, 1), date(2030, 1, 2)]
    matching = [
        await create_task(
            factory, project.id, tag, **fields, priority=number % 2, due_date=due_date
        )
        for number, due_date in enumerate(due_dates)
    ]
    for other in ({"status": TaskStatus.DONE}, {"title": "drive"}, {"assignee_id": None}):
        await create_task(
            factory, project.id, tag, **fields | {"due_date": date(2030, 1, 2)} | other
        )
    await create_task(factory, project.id, **fields, due_date=date(2030, 1, 2))

    pages = await lister.walk(
        sort=sort.value,
        limit=1,
        q="mill",
        status="todo",
        tag_id=str(tag.id),
        assignee_id=str(login.user.id),
        **bounds,
    )

    expected = [task for task in matching if not bounds or (task.due_date or date.max).year == 2030]
    assert [id_ for page in pages for id_ in page] == in_order(expected, sort, str)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"sort": "id"}, "sort"), ({"sort": "-"}, "sort"), ({"status": "late"}, "status"),
        ({"status": ["todo"] * 5}, "status"), ({"assignee_id": "me"}, "assignee_id"),
        ({"due_before": "tomorrow"}, "due_before"), ({"due_before": "1767225600"}, "due_before"),
        ({"q": ""}, "q"), ({"q": "x" * 201}, "q"), ({"q": "\0"}, "q"), ({"offset": "1"}, "offset"),
    ],
    ids=str,
)  # fmt: skip
async def test_an_invalid_filter_of_tasks_is_a_422(
    lister: Lister, query: dict[str, Any], parameter: str
) -> None:
    response = await lister.get(**query)

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == parameter
