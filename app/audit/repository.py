"""Queries on the audit trail."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import union_all
from sqlalchemy.orm import aliased
from sqlmodel import col, insert, select

from app.audit.models import Activity
from app.audit.schemas import ActivityPublic
from app.core.pagination import Page, PageRequest, Position
from app.core.repositories import Repository, Values, select_columns, select_page

# Insert into the table instead of the model, because each change adds a row that its transaction
# does not read: an entity would cost double. Id and time are defaults of their columns.
_INSERT = insert(Activity.metadata.tables[Activity.__tablename__])
_SELECT = select_columns(Activity, ActivityPublic)


class ActivityRepository(Repository):
    """Queries on the audit trail. They add and read entries, and never change or delete one."""

    async def add_all(self, rows: Sequence[Values]) -> None:
        """Store at least one new entry."""
        await self._session.exec(_INSERT, params=rows)

    async def get_page_of_scope(
        self, page_request: PageRequest[Position], *, scope_id: UUID
    ) -> Page[ActivityPublic]:
        """Return a page of the changes in a scope, newest first."""
        statement = _SELECT.where(col(Activity.scope_id) == scope_id)
        return await self._get_page_newest_first(statement, ActivityPublic, page_request, Activity)

    async def get_page_of_user(
        self, page_request: PageRequest[Position], *, user_id: UUID
    ) -> Page[ActivityPublic]:
        """Return a page of the changes by a user and to the account, newest first."""
        key = (col(Activity.created_at), col(Activity.id))
        halves = [
            _SELECT.where(col(Activity.scope_id) == user_id),
            _SELECT.where(col(Activity.actor_id) == user_id, col(Activity.scope_id) != user_id),
        ]
        # Each half reads its own index, and only as many rows as the page needs.
        pages = [select_page(half, page_request, *key, descending=True) for half in halves]
        both = aliased(Activity, union_all(*[select(page.subquery()) for page in pages]).subquery())
        return await self._get_page_newest_first(
            select_columns(both, ActivityPublic), ActivityPublic, page_request, both
        )
