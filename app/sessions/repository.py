"""Queries on sessions and their refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlmodel import bindparam, col, delete, exists, select, update

from app.core.pagination import Page, PageRequest, Position
from app.core.repositories import Repository, select_columns
from app.sessions.models import LoginSession, RefreshToken
from app.sessions.schemas import SessionPublic
from app.users.models import User

# Built once, because every authenticated request executes it.
_PRINCIPAL = (
    select(User)
    .join(LoginSession, col(LoginSession.user_id) == col(User.id))
    .where(
        col(LoginSession.id) == bindparam("session_id"),
        col(User.id) == bindparam("user_id"),
        col(LoginSession.expires_at) > bindparam("now"),
        col(User.is_active),
    )
)


class SessionRepository(Repository):
    """Queries on sessions, each with its chain of refresh tokens."""

    def add_token(self, token: RefreshToken) -> None:
        """Store the next token of a session's chain. The first one also stores the session."""
        self._session.add(token)

    async def get_active_user(
        self, *, user_id: UUID, session_id: UUID, now: datetime
    ) -> User | None:
        """Return the active user that the live session belongs to, or None."""
        values = {"user_id": user_id, "session_id": session_id, "now": now}
        return (await self._session.exec(_PRINCIPAL, params=values)).one_or_none()

    async def get_page(
        self,
        page_request: PageRequest[Position],
        *,
        user_id: UUID,
        current_session_id: UUID,
        now: datetime,
    ) -> Page[SessionPublic]:
        """Return a page of the user's live sessions, newest first."""
        is_current = (col(LoginSession.id) == current_session_id).label("current")
        statement = select_columns(LoginSession, SessionPublic, is_current).where(
            col(LoginSession.user_id) == user_id, col(LoginSession.expires_at) > now
        )
        return await self._get_page_newest_first(
            statement, SessionPublic, page_request, LoginSession
        )

    async def get_token(self, digest: str) -> RefreshToken | None:
        """Return the refresh token, used or not, or None."""
        statement = select(RefreshToken).where(RefreshToken.token_digest == digest)
        return (await self._session.exec(statement)).one_or_none()

    async def lock_live(self, session_id: UUID, *, now: datetime) -> LoginSession | None:
        """Return the live session of an active user, locked until the transaction ends, or None.

        It is locked before its tokens, as in a deletion, so that no deadlock occurs.
        """
        statement = (
            select(LoginSession)
            .join(User, col(User.id) == col(LoginSession.user_id))
            .where(
                LoginSession.id == session_id, LoginSession.expires_at > now, col(User.is_active)
            )
            .with_for_update(of=LoginSession)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def use_token(self, token_id: UUID, *, now: datetime) -> bool:
        """Mark the token as used. Return False if it was used before."""
        statement = (
            update(RefreshToken)
            .where(col(RefreshToken.id) == token_id, col(RefreshToken.used_at).is_(None))
            .values(used_at=now)
        )
        return (await self._session.exec(statement)).rowcount == 1

    async def is_latest_used(self, token: RefreshToken, *, since: datetime) -> bool:
        """Return True if this token was the last one used in the session, and after `since`."""
        used_at = select(RefreshToken.used_at).where(RefreshToken.id == token.id).scalar_subquery()
        later = exists().where(
            col(RefreshToken.session_id) == token.session_id, col(RefreshToken.used_at) > used_at
        )
        statement = select(used_at >= since, ~later)
        return all((await self._session.exec(statement)).one())

    async def end(self, session_id: UUID, *, user_id: UUID | None = None) -> UUID | None:
        """End the session, if it belongs to the user, or of any user if `user_id` is None.

        Return the id of its user, or None if no session ended.
        """
        statement = delete(LoginSession).where(col(LoginSession.id) == session_id)
        if user_id is not None:
            statement = statement.where(col(LoginSession.user_id) == user_id)
        ended = await self._session.exec(statement.returning(col(LoginSession.user_id)))
        return ended.scalar_one_or_none()

    async def end_all(self, user_id: UUID, *, except_session_id: UUID | None = None) -> None:
        """End all sessions of the user, or all except one."""
        statement = delete(LoginSession).where(col(LoginSession.user_id) == user_id)
        if except_session_id is not None:
            statement = statement.where(col(LoginSession.id) != except_session_id)
        await self._session.exec(statement)

    async def purge(self, *, now: datetime) -> int:
        """Delete the sessions that have expired. Return their number."""
        statement = delete(LoginSession).where(col(LoginSession.expires_at) <= now)
        return (await self._session.exec(statement)).rowcount
