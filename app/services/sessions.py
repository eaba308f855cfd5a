"""A user's own sessions."""

from uuid import UUID

from app.core import clock
from app.core.errors import NotFound
from app.core.pagination import Cursors, Slice
from app.repositories.sessions import SessionRepository
from app.schemas.auth import SessionPublic
from app.schemas.base import PageQuery
from app.services.auth import Principal


class SessionService:
    """Shows users where they are logged in, and ends it there."""

    def __init__(self, *, sessions: SessionRepository, cursors: Cursors) -> None:
        self._sessions = sessions
        self._cursors = cursors

    async def get_page(self, principal: Principal, query: PageQuery) -> Slice[SessionPublic]:
        """A page of live sessions, newest first. Raises InvalidInput for a broken cursor."""
        list_name = f"sessions of {principal.user.id}"
        after = self._cursors.open(list_name, query.cursor)
        sessions, end = await self._sessions.get_page(
            user_id=principal.user.id, now=clock.now(), after=after, limit=query.limit
        )
        items = [
            SessionPublic(
                id=session.id,
                user_agent=session.user_agent,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                expires_at=session.expires_at,
                current=session.id == principal.session_id,
            )
            for session in sessions
        ]
        return Slice(items, self._cursors.seal(list_name, end))

    async def end(self, principal: Principal, session_id: UUID) -> None:
        """End one session. Raises NotFound, also for a session of someone else."""
        if not await self._sessions.end(session_id, user_id=principal.user.id):
            raise NotFound

    async def end_others(self, principal: Principal) -> None:
        """End all sessions but the one that asks."""
        await self._sessions.end_all(principal.user.id, but=principal.session_id)
