"""Queries on the audit trail."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import union_all
from sqlalchemy.orm import aliased
from sqlmodel import col, insert, select

from app.audit.models import Activity
from app.audit.schemas import ActivityPublic
from app.core.pagination import Position
from app.core.repositories import Repository, Values, newest_first, select_shown

# Every change writes a line, which nothing reads in its transaction: an entity would cost double.
# Into the table, because the ORM has its part in an insert into the model; id and time are defaults
# of their columns.
_NEW = insert(Activity.metadata.tables[Activity.__tablename__])
_PUBLIC = select_shown(Activity, ActivityPublic)


class ActivityRepository(Repository):
    """The audit trail. There is nothing here that changes or deletes."""

    async def add_all(self, lines: Sequence[Values]) -> None:
        """Store what was done, at least one thing."""
        await self._session.exec(_NEW, params=lines)

    async def get_page_of_scope(
        self, scope_id: UUID, *, after: Position | None, limit: int
    ) -> tuple[list[ActivityPublic], Position | None]:
        """A page of what was done in a scope, newest first."""
        statement = _PUBLIC.where(col(Activity.scope_id) == scope_id)
        return await self._newest_first(
            statement, Activity, ActivityPublic, after=after, limit=limit
        )

    async def get_page_of_user(
        self, user_id: UUID, *, after: Position | None, limit: int
    ) -> tuple[list[ActivityPublic], Position | None]:
        """A page of what the user did, and what was done to the account, newest first."""
        by_or_to = [
            _PUBLIC.where(col(Activity.scope_id) == user_id),
            _PUBLIC.where(col(Activity.actor_id) == user_id, col(Activity.scope_id) != user_id),
        ]
        # Each half reads its own index, and no more of it than the page needs.
        halves = [newest_first(half, Activity, after=after, limit=limit) for half in by_or_to]
        both = aliased(
            Activity, union_all(*[select(half.subquery()) for half in halves]).subquery()
        )
        return await self._newest_first(
            select_shown(both, ActivityPublic), both, ActivityPublic, after=after, limit=limit
        )
