"""What all repositories share: a session, and keyset pages."""

from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from app.core.pagination import Position


class Dated(Protocol):
    """A table whose rows have a place in time."""

    id: UUID
    created_at: datetime


Row = TypeVar("Row", bound=Dated)


class Repository:
    """Queries in one transaction. It never commits: the transaction's owner does."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _newest_first(
        self,
        statement: SelectOfScalar[Row],
        table: type[Row],
        *,
        after: Position | None,
        limit: int,
    ) -> tuple[list[Row], Position | None]:
        """A page of rows, and the position from which the next one goes on, if there is one."""
        key = tuple_(col(table.created_at), col(table.id))
        if after is not None:
            statement = statement.where(key < after)
        # One more than asked for tells whether there is a next page.
        statement = statement.order_by(*[column.desc() for column in key.clauses]).limit(limit + 1)
        rows = list((await self._session.exec(statement)).all())
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1]
        return rows[:limit], (last.created_at, last.id)
