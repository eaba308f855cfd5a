"""A user's own sessions."""

from uuid import UUID

from app.audit.service import ActivityService
from app.authentication.repository import SessionRepository
from app.authentication.service import Principal
from app.core import clock
from app.core.errors import NotFound
from app.core.pagination import POSITION, Cursors, PageQuery, Slice
from app.sessions.schemas import SessionPublic


class SessionService:
    """Shows users where they are logged in, and ends it there."""

    def __init__(
        self, *, sessions: SessionRepository, activity: ActivityService, cursors: Cursors
    ) -> None:
        self._sessions = sessions
        self._activity = activity
        self._cursors = cursors

    async def get_page(self, principal: Principal, query: PageQuery) -> Slice[SessionPublic]:
        """A page of live sessions, newest first. Raises InvalidInput for a broken cursor."""
        list_name = f"sessions of {principal.user.id}"
        sessions, end = await self._sessions.get_page(
            user_id=principal.user.id,
            current=principal.session_id,
            now=clock.now(),
            after=self._cursors.open(list_name, query.cursor, POSITION),
            limit=query.limit,
        )
        return Slice(sessions, self._cursors.seal(list_name, end))

    async def end(self, principal: Principal, session_id: UUID) -> None:
        """End one session. Raises NotFound, also for a session of someone else."""
        user_id = principal.user.id
        if await self._sessions.end(session_id, user_id=user_id) is None:
            raise NotFound
        await self._activity.record("session.ended", by=user_id, on=session_id, within=user_id)

    async def end_others(self, principal: Principal) -> None:
        """End all sessions but the one that asks."""
        user_id = principal.user.id
        await self._sessions.end_all(user_id, but=principal.session_id)
        await self._activity.record("user.other_sessions_ended", by=user_id, on=user_id)
