"""What all repositories share: a session, writes that the database decides on, keyset pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from app.core.database_errors import violated_constraint
from app.core.errors import AppError
from app.core.pagination import Position
from app.core.schemas import Output
from app.core.tables import Base


class Dated(Protocol):
    """A table whose rows have a place in time."""

    id: UUID
    created_at: datetime


Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=Output)
Values = Mapping[str, object]
"""What is stored in a row, or shown of it, by the names of the columns."""
Columns = Select[*tuple[Any, ...]]
"""A statement that selects columns, not entities: what a list shows, and no more."""


class Repository:
    """Queries in one transaction. It never commits: the transaction's owner does."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _flush(
        self,
        refusals: Mapping[str, type[AppError]] | None = None,
        *,
        conflict: type[AppError] | None = None,
    ) -> None:
        """Write now, because the database decides and the caller wants to know.

        Raises what `refusals` has for a violated constraint, and `conflict` if someone else has
        changed or deleted the row since it was read.
        """
        try:
            await self._session.flush()
        except StaleDataError as error:
            if conflict is None:
                raise
            raise conflict from error
        except IntegrityError as error:
            refusal = (refusals or {}).get(violated_constraint(error) or "")
            if refusal is None:
                raise
            raise refusal from error

    async def _newest_first(
        self,
        statement: Columns,
        table: type[Dated],
        shown: type[Shown],
        *,
        after: Position | None,
        limit: int,
    ) -> tuple[list[Shown], Position | None]:
        """A page of rows, and the position from which the next one goes on, if there is one."""
        statement = newest_first(statement, table, after=after, limit=limit)
        result: Sequence[Dated] = (await self._session.exec(statement)).all()  # type: ignore[assignment]  # rows have their columns for attributes
        rows, last = cut(result, limit)
        items = [shown.model_validate(row) for row in rows]
        return items, (last.created_at, last.id) if last else None


def newest_first(
    statement: Columns, table: type[Dated], *, after: Position | None, limit: int
) -> Columns:
    """The statement for one page, and one row more, which tells whether there is a next page."""
    key = tuple_(col(table.created_at), col(table.id))
    if after is not None:
        statement = statement.where(key < after)
    return statement.order_by(*[column.desc() for column in key.clauses]).limit(limit + 1)


def cut(rows: Sequence[Row], limit: int) -> tuple[list[Row], Row | None]:
    """The rows of the page; the last of them if there is a next page."""
    page = list(rows[:limit])
    return page, page[-1] if len(rows) > limit else None


def select_shown(
    table: type[Base], shown: type[Output], *others: ColumnElement[Any] | Mapped[Any]
) -> Columns:
    """A statement that selects the columns of the table that the answer shows, and others."""
    columns = [getattr(table, name) for name in shown.model_fields if name in table.model_fields]
    return Select(*columns, *others)
