"""The statements for pages of tasks: their filters, their order, and where they begin.

Each order reads one index of the table, from where the last page ended. A row comparison does that
as long as no value is null, so tasks with and without a due date are read one after the other.

To build a statement takes almost as long as to execute it, so that each form is built once and has
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

from app.models.tasks import Task, TaskTag
from app.models.users import User
from app.repositories.base import Columns, select_shown
from app.repositories.projects import visible
from app.schemas.tasks import TaskPublic, TaskQuery, TaskSort

TaskPosition = tuple[datetime | date | int | str | None, UUID]
"""The sort key of the last task of a page, and its id."""

POSITIONS: Mapping[str, TypeAdapter[TaskPosition]] = {
    "created_at": TypeAdapter(tuple[datetime, UUID]),
    "due_date": TypeAdapter(tuple[date | None, UUID]),
    "priority": TypeAdapter(tuple[int, UUID]),
    "title": TypeAdapter(tuple[str, UUID]),
}
"""How to read a position, by the field that is sorted by."""

MAX_FORMS = 256
"""How many statements are kept. There are more, but nobody asks for all of them."""
ESCAPE = "/"


class Beginning(Enum):
    """Where a page begins."""

    FIRST = auto()
    AFTER_KEY = auto()
    AFTER_UNDATED = auto()


_limit = bindparam("limit", type_=Integer)
_tasks = (
    visible(
        select_shown(Task, TaskPublic, col(User.full_name).label("assignee_name")),
        col(Task.project_id),
        user_id=bindparam("user_id"),
    )
    .join(User, col(User.id) == col(Task.assignee_id), isouter=True)
    .where(col(Task.project_id) == bindparam("project_id"))
    .limit(_limit)
)
COLUMNS = list(_tasks.selected_columns.keys())
"""What a row of a page holds, in this order."""
_tagged = select(TaskTag.task_id).where(col(TaskTag.tag_id) == bindparam("tag_id"))
_sought = [
    text.icontains(bindparam("q"), escape=ESCAPE)
    for text in (col(Task.title), col(Task.description))
]
_filters: Mapping[str, ColumnElement[bool]] = {
    "status": col(Task.status).in_(bindparam("status", expanding=True)),
    "assignee_id": col(Task.assignee_id) == bindparam("assignee_id"),
    "tag_id": col(Task.id).in_(_tagged),
    "due_before": col(Task.due_date) < bindparam("due_before"),
    "due_after": col(Task.due_date) > bindparam("due_after"),
    "q": or_(*_sought),
}
"""What each field of a query asks for; its value is the parameter of that name."""


def page_of_tasks(
    query: TaskQuery, *, after: TaskPosition | None
) -> tuple[Columns, Mapping[str, object]]:
    """The statement for the tasks that the query asks for, and one more, which tells whether there
    is a next page; and its parameters, but `project_id` and `user_id`.
    """
    given = query.model_dump(include=set(_filters), exclude_defaults=True)
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
    """The text, in which the wildcards of LIKE are characters like any other."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


@lru_cache(MAX_FORMS)
def _build(filters: Iterable[str], sort: TaskSort, beginning: Beginning) -> Columns:
    statement = _tasks.where(*[_filters[name] for name in filters])
    if sort.field == "due_date":
        return _by_due_date(statement, sort, beginning)
    return _stretch(statement, col(getattr(Task, sort.field)), sort, beginning)


def _by_due_date(statement: Columns, sort: TaskSort, beginning: Beginning) -> Columns:
    due_date, task_id = col(Task.due_date), col(Task.id)
    undated = statement.where(due_date.is_(None))
    if beginning is Beginning.AFTER_UNDATED:
        last: BindParameter[UUID] = bindparam("task_id")
        behind = task_id < last if sort.descending else task_id > last
        # By the due date too, though it is null: else PostgreSQL would not read the index.
        return _stretch(undated.where(behind), due_date, sort, Beginning.FIRST)
    stretches = [
        _stretch(statement.where(due_date.is_not(None)), due_date, sort, beginning),
        _stretch(undated, due_date, sort, Beginning.FIRST),
    ]
    both = union_all(*[select(stretch.subquery()) for stretch in stretches]).subquery()
    ordered = _directed([both.c.due_date, both.c.id], sort)
    page: Columns = Select(*both.c)
    return page.order_by(both.c.due_date.is_(None), *ordered).limit(_limit)


def _stretch(statement: Columns, key: Mapped[Any], sort: TaskSort, beginning: Beginning) -> Columns:
    """The statement in the order of the key, from behind the last page."""
    place = tuple_(key, col(Task.id))
    if beginning is Beginning.AFTER_KEY:
        named = zip(("key", "task_id"), place.clauses, strict=True)
        last = tuple_(*[bindparam(name, type_=column.type) for name, column in named])
        statement = statement.where(place < last if sort.descending else place > last)
    return statement.order_by(*_directed(place.clauses, sort))


def _directed(columns: Iterable[ColumnElement[Any]], sort: TaskSort) -> list[ColumnElement[Any]]:
    return [column.desc() if sort.descending else column.asc() for column in columns]
