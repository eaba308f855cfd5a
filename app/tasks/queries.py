"""Statements for pages of tasks, with filters, sort order and start position.

Each sort order reads one index of the table, from the end of the previous page. This requires a row
comparison without nulls, so tasks with and without a due date are read one after the other.

Building a statement takes half as long as executing it. So each form is built once, with parameters
for all values.
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

from app.core.pagination import PageRequest
from app.core.repositories import ColumnSelect, select_columns
from app.tasks.models import Task, TaskTag
from app.tasks.schemas import TaskPublic, TaskQuery, TaskSort
from app.users.models import User

TaskPosition = tuple[datetime | date | int | str | None, UUID]
"""Sort key and id of the last task of a page."""

POSITIONS: Mapping[str, TypeAdapter[TaskPosition]] = {
    "created_at": TypeAdapter(tuple[datetime, UUID]),
    "due_date": TypeAdapter(tuple[date | None, UUID]),
    "priority": TypeAdapter(tuple[int, UUID]),
    "title": TypeAdapter(tuple[str, UUID]),
}
"""Type of a position, by the field of the sort order."""

MAX_FORMS = 64
"""Maximum number of cached statements, of 120 kB each. A thousand different ones are possible."""
ESCAPE = "/"


class Beginning(Enum):
    """Start position of a page."""

    FIRST = auto()
    """First task of the list."""
    AFTER_KEY = auto()
    """Position after a task with a sort key."""
    AFTER_UNDATED = auto()
    """Position after a task without a due date, if sorted by due date."""


_LIMIT = bindparam("limit", type_=Integer)
SELECT = select_columns(Task, TaskPublic, col(User.full_name).label("assignee_name")).join(
    User, col(User.id) == col(Task.assignee_id), isouter=True
)
"""Columns of tasks, with the names of their assignees."""
COLUMN_NAMES = list(SELECT.selected_columns.keys())
_TASKS = SELECT.where(col(Task.project_id) == bindparam("project_id")).limit(_LIMIT)
_TAGGED = select(TaskTag.task_id).where(col(TaskTag.tag_id) == bindparam("tag_id"))
_SEARCH = [
    text.icontains(bindparam("q"), escape=ESCAPE)
    for text in (col(Task.title), col(Task.description))
]
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "status": col(Task.status).in_(bindparam("status", expanding=True)),
    "assignee_id": col(Task.assignee_id) == bindparam("assignee_id"),
    "tag_id": col(Task.id).in_(_TAGGED),
    "due_before": col(Task.due_date) < bindparam("due_before"),
    "due_after": col(Task.due_date) > bindparam("due_after"),
    "q": or_(*_SEARCH),
}
"""Condition for each field of a query. The parameter of that name has its value."""


def page_of_tasks(
    query: TaskQuery, page_request: PageRequest[TaskPosition]
) -> tuple[ColumnSelect, Mapping[str, object]]:
    """Return the statement for a page of tasks, and its parameters.

    It selects one task more, which shows that a page follows. The caller adds the parameter
    `project_id`.
    """
    values = query.model_dump(include=set(_FILTERS), exclude_defaults=True)
    statement = _build(tuple(values), query.sort, _beginning(page_request.after))
    if query.q is not None:
        values["q"] = _literal(query.q)
    key, task_id = page_request.after or (None, None)
    return statement, {**values, "key": key, "task_id": task_id, "limit": page_request.limit + 1}


def _beginning(after: TaskPosition | None) -> Beginning:
    if after is None:
        return Beginning.FIRST
    return Beginning.AFTER_UNDATED if after[0] is None else Beginning.AFTER_KEY


def _literal(text: str) -> str:
    """Return the text with the wildcards of LIKE escaped.

    SQLAlchemy's `autoescape` does the same, except for parameters.
    """
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


@lru_cache(MAX_FORMS)
def _build(filters: tuple[str, ...], sort: TaskSort, beginning: Beginning) -> ColumnSelect:
    statement = _TASKS.where(*[_FILTERS[name] for name in filters])
    if sort.field == "due_date":
        return _by_due_date(statement, sort, beginning)
    key = col(getattr(Task, sort.field))
    return _stretch(statement, key, sort, after_key=beginning is Beginning.AFTER_KEY)


def _by_due_date(statement: ColumnSelect, sort: TaskSort, beginning: Beginning) -> ColumnSelect:
    due_date, task_id = col(Task.due_date), col(Task.id)
    undated = statement.where(due_date.is_(None))
    if beginning is Beginning.AFTER_UNDATED:
        last: BindParameter[UUID] = bindparam("task_id")
        after = task_id < last if sort.descending else task_id > last
        # Ordered by the due date too, although it is null, so that PostgreSQL reads the index.
        return _stretch(undated.where(after), due_date, sort)
    dated = statement.where(due_date.is_not(None))
    stretches = [
        _stretch(dated, due_date, sort, after_key=beginning is Beginning.AFTER_KEY),
        _stretch(undated, due_date, sort),
    ]
    both = union_all(*[select(stretch.subquery()) for stretch in stretches]).subquery()
    ordered = _directed([both.c.due_date, both.c.id], sort)
    page: ColumnSelect = Select(*both.c)
    return page.order_by(both.c.due_date.is_(None), *ordered).limit(_LIMIT)


def _stretch(
    statement: ColumnSelect, key: Mapped[Any], sort: TaskSort, *, after_key: bool = False
) -> ColumnSelect:
    """Return the statement in the order of the key, from the start or from the last position."""
    position = tuple_(key, col(Task.id))
    if after_key:
        named = zip(("key", "task_id"), position.clauses, strict=True)
        last = tuple_(*[bindparam(name, type_=column.type) for name, column in named])
        statement = statement.where(position < last if sort.descending else position > last)
    return statement.order_by(*_directed(position.clauses, sort))


def _directed(columns: Iterable[ColumnElement[Any]], sort: TaskSort) -> list[ColumnElement[Any]]:
    return [column.desc() if sort.descending else column.asc() for column in columns]
