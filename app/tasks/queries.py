"""The statements for pages of tasks: their filters, their order, and where they begin.

Each order reads one index of the table, from where the last page ended. A row comparison does that
as long as no value is null, so tasks with and without a due date are read one after the other.

To build a statement takes half as long as to execute it, so that each form is built once and has
parameters for all values.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum, auto
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import BindParameter, ColumnElement, Integer, or_, tuple_, union_all
from sqlalchemy.orm import Mapped
from sqlmodel import bindparam, col, select
from sqlmodel.sql.expression import Select

from app.core.repositories import Columns, select_shown
from app.projects.repository import visible
from app.tasks.models import Task, TaskTag
from app.tasks.schemas import TaskPublic, TaskQuery, TaskSort
from app.users.models import User

TaskPosition = tuple[datetime | date | int | str | None, UUID]
"""The sort key of the last task of a page, and its id."""

POSITIONS: Mapping[str, TypeAdapter[TaskPosition]] = {
    "created_at": TypeAdapter(tuple[datetime, UUID]),
    "due_date": TypeAdapter(tuple[date | None, UUID]),
    "priority": TypeAdapter(tuple[int, UUID]),
    "title": TypeAdapter(tuple[str, UUID]),
}
"""How to read a position, by the field that is sorted by."""

MAX_FORMS = 64
"""How many statements are kept, of 120 kB each. There are a thousand, for who asks for them all."""
ESCAPE = "/"


class Beginning(Enum):
    """Where a page begins."""

    FIRST = auto()
    """With the first task."""
    AFTER_KEY = auto()
    """Behind a task with a sort key."""
    AFTER_UNDATED = auto()
    """Behind a task without a due date, in an order by due date."""


_LIMIT = bindparam("limit", type_=Integer)
_TASKS = (
    visible(
        select_shown(Task, TaskPublic, col(User.full_name).label("assignee_name")),
        col(Task.project_id),
        user_id=bindparam("user_id"),
    )
    .join(User, col(User.id) == col(Task.assignee_id), isouter=True)
    .where(col(Task.project_id) == bindparam("project_id"))
    .limit(_LIMIT)
)
COLUMN_NAMES = list(_TASKS.selected_columns.keys())
"""Of a row of a page, in their order."""
_TAGGED = select(TaskTag.task_id).where(col(TaskTag.tag_id) == bindparam("tag_id"))
_SOUGHT = [
    text.icontains(bindparam("q"), escape=ESCAPE)
    for text in (col(Task.title), col(Task.description))
]
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "status": col(Task.status).in_(bindparam("status", expanding=True)),
    "assignee_id": col(Task.assignee_id) == bindparam("assignee_id"),
    "tag_id": col(Task.id).in_(_TAGGED),
    "due_before": col(Task.due_date) < bindparam("due_before"),
    "due_after": col(Task.due_date) > bindparam("due_after"),
    "q": or_(*_SOUGHT),
}
"""What each field of a query asks for; its value is the parameter of that name."""


def page_of_tasks(
    query: TaskQuery, *, after: TaskPosition | None
) -> tuple[Columns, Mapping[str, object]]:
    """The statement for the tasks that the query asks for, and one more, which tells whether there
    is a next page; and its parameters, but `project_id` and `user_id`.
    """
    given = query.model_dump(include=set(_FILTERS), exclude_defaults=True)
    statement = _build(tuple(given), query.sort, _beginning(after))
    if query.q is not None:
        given["q"] = _literal(query.q)
    key, task_id = after or (None, None)
    return statement, {**given, "key": key, "task_id": task_id, "limit": query.limit + 1}


def _beginning(after: TaskPosition | None) -> Beginning:
    if after is None:
        return Beginning.FIRST
    return Beginning.AFTER_UNDATED if after[0] is None else Beginning.AFTER_KEY


def _literal(text: str) -> str:
    """The text, in which the wildcards of LIKE are characters like any other. SQLAlchemy's
    `autoescape` does the same, but not for parameters.
    """
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


@lru_cache(MAX_FORMS)
def _build(filters: tuple[str, ...], sort: TaskSort, beginning: Beginning) -> Columns:
    statement = _TASKS.where(*[_FILTERS[name] for name in filters])
    if sort.field == "due_date":
        return _by_due_date(statement, sort, beginning)
    key = col(getattr(Task, sort.field))
    return _stretch(statement, key, sort, after_key=beginning is Beginning.AFTER_KEY)


def _by_due_date(statement: Columns, sort: TaskSort, beginning: Beginning) -> Columns:
    due_date, task_id = col(Task.due_date), col(Task.id)
    undated = statement.where(due_date.is_(None))
    if beginning is Beginning.AFTER_UNDATED:
        last: BindParameter[UUID] = bindparam("task_id")
        behind = task_id < last if sort.descending else task_id > last
        # By the due date too, though it is null: else PostgreSQL would not read the index.
        return _stretch(undated.where(behind), due_date, sort)
    dated = statement.where(due_date.is_not(None))
    stretches = [
        _stretch(dated, due_date, sort, after_key=beginning is Beginning.AFTER_KEY),
        _stretch(undated, due_date, sort),
    ]
    both = union_all(*[select(stretch.subquery()) for stretch in stretches]).subquery()
    ordered = _directed([both.c.due_date, both.c.id], sort)
    page: Columns = Select(*both.c)
    return page.order_by(both.c.due_date.is_(None), *ordered).limit(_LIMIT)


def _stretch(
    statement: Columns, key: Mapped[Any], sort: TaskSort, *, after_key: bool = False
) -> Columns:
    """The statement in the order of the key, from the first task or behind the last page's end."""
    place = tuple_(key, col(Task.id))
    if after_key:
        named = zip(("key", "task_id"), place.clauses, strict=True)
        last = tuple_(*[bindparam(name, type_=column.type) for name, column in named])
        statement = statement.where(place < last if sort.descending else place > last)
    return statement.order_by(*_directed(place.clauses, sort))


def _directed(columns: Iterable[ColumnElement[Any]], sort: TaskSort) -> list[ColumnElement[Any]]:
    return [column.desc() if sort.descending else column.asc() for column in columns]
