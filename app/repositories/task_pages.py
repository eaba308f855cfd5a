"""The statement for one page of tasks: its filters, its order, and where it begins.

Each order reads one index of the table, from where the last page ended. A row comparison does that
as long as no value is null, so tasks with and without a due date are read one after the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, or_, tuple_, union_all
from sqlalchemy.orm import Mapped
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from app.models.tasks import Task, TaskTag
from app.repositories.base import Columns
from app.schemas.tasks import TaskQuery, TaskSort

TaskPosition = tuple[datetime | date | int | str | None, UUID]
"""The sort key of the last task of a page, and its id."""

POSITIONS: Mapping[str, TypeAdapter[TaskPosition]] = {
    "created_at": TypeAdapter(tuple[datetime, UUID]),
    "due_date": TypeAdapter(tuple[date | None, UUID]),
    "priority": TypeAdapter(tuple[int, UUID]),
    "title": TypeAdapter(tuple[str, UUID]),
}
"""How to read a position, by the field that is sorted by."""


def page_of_tasks(statement: Columns, query: TaskQuery, *, after: TaskPosition | None) -> Columns:
    """The tasks that the query asks for, and one more, which tells whether there is a next page."""
    statement = statement.where(*_filters(query)).limit(query.limit + 1)
    if query.sort.field == "due_date":
        return _by_due_date(statement, query, after)
    return _stretch(statement, col(getattr(Task, query.sort.field)), query.sort, after)


def _by_due_date(statement: Columns, query: TaskQuery, after: TaskPosition | None) -> Columns:
    due_date, task_id = col(Task.due_date), col(Task.id)
    undated = statement.where(due_date.is_(None))
    if after is not None and after[0] is None:
        behind = task_id < after[1] if query.sort.descending else task_id > after[1]
        # By the due date too, though it is null: else PostgreSQL would not read the index.
        return _stretch(undated.where(behind), due_date, query.sort, None)
    stretches = [
        _stretch(statement.where(due_date.is_not(None)), due_date, query.sort, after),
        _stretch(undated, due_date, query.sort, None),
    ]
    both = union_all(*[select(stretch.subquery()) for stretch in stretches]).subquery()
    ordered = _directed([both.c.due_date, both.c.id], query.sort)
    page: Columns = Select(*both.c)
    return page.order_by(both.c.due_date.is_(None), *ordered).limit(query.limit + 1)


def _stretch(
    statement: Columns, key: Mapped[Any], sort: TaskSort, after: TaskPosition | None
) -> Columns:
    """The statement in the order of the key, from behind the position."""
    place = tuple_(key, col(Task.id))
    if after is not None:
        statement = statement.where(place < after if sort.descending else place > after)
    return statement.order_by(*_directed(place.clauses, sort))


def _directed(columns: Iterable[ColumnElement[Any]], sort: TaskSort) -> list[ColumnElement[Any]]:
    return [column.desc() if sort.descending else column.asc() for column in columns]


def _filters(query: TaskQuery) -> Iterator[ColumnElement[bool]]:
    if query.status:
        yield col(Task.status).in_(query.status)
    if query.assignee_id is not None:
        yield col(Task.assignee_id) == query.assignee_id
    if query.tag_id is not None:
        tagged = select(TaskTag.task_id).where(TaskTag.tag_id == query.tag_id)
        yield col(Task.id).in_(tagged)
    if query.due_before is not None:
        yield col(Task.due_date) < query.due_before
    if query.due_after is not None:
        yield col(Task.due_date) > query.due_after
    if query.q is not None:
        texts = (col(Task.title), col(Task.description))
        # With `autoescape` the wildcards of LIKE are characters like any other.
        yield or_(*[text.icontains(query.q, autoescape=True) for text in texts])
