"""Service for sessions."""

from dataclasses import dataclass
from uuid import UUID

from app.audit.service import Actor, AuditTrail
from app.core import clock
from app.core.errors import NotFound
from app.core.pagination import POSITION, Cursors, Page, PageQuery
from app.sessions.repository import SessionRepository
from app.sessions.schemas import SessionPublic


@dataclass(frozen=True, kw_only=True)
class SessionService:
    """Service that lists and ends the actor's sessions."""

    sessions: SessionRepository
    audit: AuditTrail
    cursors: Cursors

    async def get_page(
        self, actor: Actor, query: PageQuery, *, current_session_id: UUID
    ) -> Page[SessionPublic]:
        """Return a page of the actor's live sessions, newest first. Raises InvalidInput."""
        return await self.sessions.get_page(
            self.cursors.page_request(f"sessions of {actor.user_id}", query, POSITION),
            user_id=actor.user_id,
            current_session_id=current_session_id,
            now=clock.now(),
        )

    async def end(self, actor: Actor, *, session_id: UUID) -> None:
        """End one session. Raises NotFound, also for a session of another user."""
        if await self.sessions.end(session_id, user_id=actor.user_id) is None:
            raise NotFound
        await self.audit.record(
            "session.ended", actor=actor, resource_id=session_id, scope_id=actor.user_id
        )

    async def end_others(self, actor: Actor, *, current_session_id: UUID) -> None:
        """End all sessions except the current one."""
        await self.sessions.end_all(actor.user_id, except_session_id=current_session_id)
        await self.audit.record("user.other_sessions_ended", actor=actor, resource_id=actor.user_id)
