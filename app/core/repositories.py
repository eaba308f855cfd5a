"""Base of all repositories: the session, translated errors, and pages."""

from collections.abc import Callable, Mapping, Sequence
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
from app.core.pagination import Page, PageRequest, Position
from app.core.schemas import Output
from app.core.tables import Base


class Dated(Protocol):
    """Table whose rows have a creation time."""

    id: UUID
    created_at: datetime


P = TypeVar("P", bound=tuple[Any, ...])
Shown = TypeVar("Shown", bound=Output)
Values = Mapping[str, object]
"""Values of a row by the names of its columns."""
ColumnSelect = Select[*tuple[Any, ...]]
"""Statement that selects columns instead of entities."""
Column = ColumnElement[Any] | Mapped[Any]


class Repository:
    """Queries in one transaction, which the repository never commits."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _flush(
        self,
        errors: Mapping[str, type[AppError]] | None = None,
        *,
        conflict: type[AppError] | None = None,
    ) -> None:
        """Write now, so that the caller learns what the database rejects.

        Raises the error that `errors` has for a violated constraint, and `conflict` if another
        transaction has changed or deleted the row since it was read.
        """
        try:
            await self._session.flush()
        except StaleDataError as error:
            if conflict is None:
                raise
            raise conflict from error
        except IntegrityError as error:
            translated = (errors or {}).get(violated_constraint(error) or "")
            if translated is None:
                raise
            raise translated from error

    async def _get_one(self, statement: ColumnSelect, schema: type[Shown]) -> Shown | None:
        """Return the schema of the statement's only row, or None."""
        row = (await self._session.exec(statement)).one_or_none()
        return None if row is None else schema.model_validate(row)

    async def _get_page(
        self,
        statement: ColumnSelect,
        schema: type[Shown],
        request: PageRequest[P],
        *key: Column,
        descending: bool = False,
    ) -> Page[Shown]:
        """Return a page of the statement's rows, which are ordered by the columns of the key.

        The statement has to select these columns, and no two rows may have the same values in them.
        """
        statement = select_page(statement, request, *key, descending=descending)
        rows = (await self._session.exec(statement)).all()
        return request.page(rows, schema.model_validate, _position_in(key))

    async def _get_newest(
        self,
        statement: ColumnSelect,
        schema: type[Shown],
        request: PageRequest[Position],
        table: type[Dated],
    ) -> Page[Shown]:
        """Return a page of the statement's rows, newest first."""
        key = (col(table.created_at), col(table.id))
        return await self._get_page(statement, schema, request, *key, descending=True)


def select_columns(table: type[Base], schema: type[Output], *others: Column) -> ColumnSelect:
    """Return a statement that selects the columns that the schema shows, and others."""
    columns = [getattr(table, name) for name in schema.model_fields if name in table.model_fields]
    return Select(*columns, *others)


def select_page(
    statement: ColumnSelect,
    request: PageRequest[P],
    *key: Column,
    descending: bool = False,
) -> ColumnSelect:
    """Return the statement for a page, and for one row more, which shows that a page follows."""
    if request.after is not None:
        position = tuple_(*key)
        after = position < request.after if descending else position > request.after
        statement = statement.where(after)
    order = [column.desc() if descending else column.asc() for column in key]
    return statement.order_by(*order).limit(request.limit + 1)


def _position_in(key: Sequence[Column]) -> Callable[[Any], Any]:
    """Return a function that returns the position of a row."""
    names = [str(column.key) for column in key]  # type: ignore[union-attr]  # all of them have one
    return lambda row: tuple(getattr(row, name) for name in names)
