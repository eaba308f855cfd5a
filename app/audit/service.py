"""Service for the audit trail, which is written in the transaction of the change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.audit.repository import ActivityRepository
from app.audit.schemas import ActivityPublic
from app.core.logging import current_request_id
from app.core.pagination import POSITION, Cursors, Page, PageQuery


@dataclass(frozen=True)
class Actor:
    """User on whose behalf a service acts."""

    user_id: UUID


@dataclass(frozen=True, kw_only=True)
class AuditTrail:
    """Service that adds and lists entries of the audit trail."""

    activity: ActivityRepository
    cursors: Cursors

    async def record(
        self,
        action: str,
        *,
        actor: Actor | None,
        resource_id: UUID,
        scope_id: UUID | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Record a change of a resource.

        The actor is None for an operator or an unknown client. The scope is the user that the
        change concerns or the resource's parent; by default it is the resource. Details hold
        neither secrets nor free text, because rows of the trail cannot be changed or deleted.
        """
        await self.record_all(
            action, actor=actor, resources=[(resource_id, scope_id or resource_id)], details=details
        )

    async def record_all(
        self,
        action: str,
        *,
        actor: Actor | None,
        resources: Iterable[tuple[UUID, UUID]],
        details: Mapping[str, str] | None = None,
    ) -> None:
        """Record the same change of several resources, each with its scope, in one statement."""
        shared = {
            "action": action,
            "actor_id": actor.user_id if actor else None,
            "request_id": current_request_id(),
            "details": dict(details or {}),
        }
        rows = [
            {**shared, "resource_id": resource_id, "scope_id": scope_id}
            for resource_id, scope_id in resources
        ]
        if rows:
            await self.activity.add_all(rows)

    async def get_page_of_user(self, query: PageQuery, *, user_id: UUID) -> Page[ActivityPublic]:
        """Return a page of the changes by a user and to the account, newest first.

        Raises InvalidInput.
        """
        page_request = self.cursors.page_request(f"activity of user {user_id}", query, POSITION)
        return await self.activity.get_page_of_user(page_request, user_id=user_id)

    async def get_page_of_scope(self, query: PageQuery, *, scope_id: UUID) -> Page[ActivityPublic]:
        """Return a page of the changes in a scope, newest first. Raises InvalidInput."""
        page_request = self.cursors.page_request(f"activity of scope {scope_id}", query, POSITION)
        return await self.activity.get_page_of_scope(page_request, scope_id=scope_id)
