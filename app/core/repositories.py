"""Base class of all repositories.

An entity is a row that was loaded as an object of its table's class. A changed entity is written by
the next flush, at the latest by the commit.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from app.core.database_errors import violated_constraint
from app.core.errors import AppError
from app.core.pagination import Page, PageRequest, Position
from app.core.schemas import Output
from app.core.tables import Base


class Lock(Enum):
    """Mode of a lock on a parent row, which a transaction locks before any of its children.

    SHARED is for transactions that change one child. EXCLUSIVE is for those that change the parent
    or count its children. It blocks SHARED, but no insert of a child by another transaction.
    """

    SHARED = auto()
    EXCLUSIVE = auto()


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
    """Queries in one transaction. A repository never commits its transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _flush(
        self,
        errors: Mapping[str, type[AppError]] | None = None,
        *,
        conflict: type[AppError] | None = None,
    ) -> None:
        """Write all changes of entities now, so that errors of the database are raised here.

        `errors` contains the error to raise for each constraint, by the constraint's name.
        `conflict` is raised if another transaction has changed or deleted a row that
        this transaction had read before.
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

    async def _require_fewer_than(
        self, maximum: int, rows: ColumnElement[bool], error: type[AppError]
    ) -> None:
        """Raise the error if `maximum` rows exist for which the condition `rows` is true.

        The caller has locked their parent, so that no other transaction adds one until the commit.
        """
        count = (await self._session.exec(select(func.count()).where(rows))).one()
        if count >= maximum:
            raise error

    async def _get_one(self, statement: ColumnSelect, schema: type[Shown]) -> Shown | None:
        """Return the statement's only row in the form of the schema, or None without a row."""
        row = (await self._session.exec(statement)).one_or_none()
        return None if row is None else schema.model_validate(row)

    async def _get_page(
        self,
        statement: ColumnSelect,
        schema: type[Shown],
        page_request: PageRequest[P],
        *key: Column,
        descending: bool = False,
    ) -> Page[Shown]:
        """Return a page of the statement's rows, sorted by the columns of the key.

        The statement must select these columns. Their values together must be unique. This method
        adds the sort order to the statement.
        """
        statement = select_page(statement, page_request, *key, descending=descending)
        rows = (await self._session.exec(statement)).all()
        return page_request.page(rows, schema.model_validate, _position_in(key))

    async def _get_page_newest_first(
        self,
        statement: ColumnSelect,
        schema: type[Shown],
        page_request: PageRequest[Position],
        table: type[Dated],
    ) -> Page[Shown]:
        """Return a page of the statement's rows, newest first."""
        key = (col(table.created_at), col(table.id))
        return await self._get_page(statement, schema, page_request, *key, descending=True)


def select_columns(table: type[Base], schema: type[Output], *others: Column) -> ColumnSelect:
    """Return a statement that selects the columns that the schema shows, and `others`."""
    columns = [getattr(table, name) for name in schema.model_fields if name in table.model_fields]
    return Select(*columns, *others)


def select_page(
    statement: ColumnSelect,
    page_request: PageRequest[P],
    *key: Column,
    descending: bool = False,
) -> ColumnSelect:
    """Return the statement, sorted, only with rows after the page's position, and with a limit.

    It selects one row more than the page has: if this row exists, another page follows.
    """
    if page_request.after is not None:
        position = tuple_(*key)
        after = position < page_request.after if descending else position > page_request.after
        statement = statement.where(after)
    order = [column.desc() if descending else column.asc() for column in key]
    return statement.order_by(*order).limit(page_request.limit + 1)


def _position_in(key: Sequence[Column]) -> Callable[[Any], Any]:
    """Return a function that returns the position of a row."""
    names = [str(column.key) for column in key]  # type: ignore[union-attr]  # every column has a key
    return lambda row: tuple(getattr(row, name) for name in names)
