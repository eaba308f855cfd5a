"""The audit trail: written by the services that do what it tells of, in the same transaction."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from app.audit.repository import ActivityRepository
from app.audit.schemas import ActivityPublic
from app.core.logging import current_request_id
from app.core.pagination import POSITION, Cursors, PageQuery, Slice


class ActivityService:
    """Records what is done, and shows it."""

    def __init__(self, *, activity: ActivityRepository, cursors: Cursors) -> None:
        self._activity = activity
        self._cursors = cursors

    async def record(
        self,
        action: str,
        *,
        by: UUID | None,
        on: UUID,
        within: UUID | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Tell who (None: an operator, or someone unknown) did what on which resource, and within
        which other one.

        No free text and no secrets among the details: nobody can take them back.
        """
        await self.record_all(action, by=by, on=[(on, within or on)], details=details)

    async def record_all(
        self,
        action: str,
        *,
        by: UUID | None,
        on: Iterable[tuple[UUID, UUID]],
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Tell of the same on several resources in one statement. `on`: each resource, and what it
        lies in, which may be itself.
        """
        shared = {
            "action": action,
            "actor_id": by,
            "request_id": current_request_id(),
            "details": dict(details or {}),
        }
        lines = [{**shared, "resource_id": each, "scope_id": scope} for each, scope in on]
        if lines:
            await self._activity.add_all(lines)

    async def get_page_of_user(self, user_id: UUID, query: PageQuery) -> Slice[ActivityPublic]:
        """A page of what a user did and what was done to the account, newest first."""
        list_name = f"activity of user {user_id}"
        after = self._cursors.open(list_name, query.cursor, POSITION)
        items, end = await self._activity.get_page_of_user(user_id, after=after, limit=query.limit)
        return Slice(items, self._cursors.seal(list_name, end))

    async def get_page_of_scope(self, scope_id: UUID, query: PageQuery) -> Slice[ActivityPublic]:
        """A page of what was done to and within something, newest first."""
        list_name = f"activity of {scope_id}"
        after = self._cursors.open(list_name, query.cursor, POSITION)
        items, end = await self._activity.get_page_of_scope(
            scope_id, after=after, limit=query.limit
        )
        return Slice(items, self._cursors.seal(list_name, end))
