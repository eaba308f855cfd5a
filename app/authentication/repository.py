"""Queries on sessions and their refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlmodel import bindparam, col, delete, exists, select, update

from app.authentication.models import RefreshToken, Session
from app.core.pagination import Position
from app.core.repositories import Repository, select_shown
from app.sessions.schemas import SessionPublic
from app.users.models import User

# Runs on every authenticated request, so it is built once.
_PRINCIPAL = (
    select(User)
    .join(Session, col(Session.user_id) == col(User.id))
    .where(
        col(Session.id) == bindparam("session_id"),
        col(User.id) == bindparam("user_id"),
        col(Session.expires_at) > bindparam("now"),
        col(User.is_active),
    )
)


class SessionRepository(Repository):
    """Sessions, each with its chain of refresh tokens."""

    def add_token(self, token: RefreshToken) -> None:
        """Store the next link of a session's chain; with the first one, the session too."""
        self._session.add(token)

    async def get_active_user(
        self, *, user_id: UUID, session_id: UUID, now: datetime
    ) -> User | None:
        """The user, if active and the session is theirs and live."""
        values = {"user_id": user_id, "session_id": session_id, "now": now}
        return (await self._session.exec(_PRINCIPAL, params=values)).one_or_none()

    async def get_page(
        self, *, user_id: UUID, current: UUID, now: datetime, after: Position | None, limit: int
    ) -> tuple[list[SessionPublic], Position | None]:
        """A page of the user's live sessions, newest first."""
        is_current = (col(Session.id) == current).label("current")
        statement = select_shown(Session, SessionPublic, is_current).where(
            col(Session.user_id) == user_id, col(Session.expires_at) > now
        )
        return await self._newest_first(statement, Session, SessionPublic, after=after, limit=limit)

    async def get_token(self, digest: str) -> RefreshToken | None:
        """The refresh token, used or not."""
        statement = select(RefreshToken).where(RefreshToken.token_digest == digest)
        return (await self._session.exec(statement)).one_or_none()

    async def lock_live(self, session_id: UUID, *, now: datetime) -> Session | None:
        """The session if it is live and its user active; whoever else locks it waits.

        It is locked before its tokens, as a delete does, or the two could deadlock.
        """
        statement = (
            select(Session)
            .join(User, col(User.id) == col(Session.user_id))
            .where(Session.id == session_id, Session.expires_at > now, col(User.is_active))
            .with_for_update(of=Session)
        )
        return (await self._session.exec(statement)).one_or_none()

    async def use_token(self, token_id: UUID, *, now: datetime) -> bool:
        """Use up the token; False when it was used before."""
        statement = (
            update(RefreshToken)
            .where(col(RefreshToken.id) == token_id, col(RefreshToken.used_at).is_(None))
            .values(used_at=now)
        )
        return (await self._session.exec(statement)).rowcount == 1

    async def is_latest_used(self, token: RefreshToken, *, since: datetime) -> bool:
        """Whether the current token directly follows this one, and has done so only `since`."""
        used_at = select(RefreshToken.used_at).where(RefreshToken.id == token.id).scalar_subquery()
        later = exists().where(
            col(RefreshToken.session_id) == token.session_id, col(RefreshToken.used_at) > used_at
        )
        statement = select(used_at >= since, ~later)
        return all((await self._session.exec(statement)).one())

    async def end(self, session_id: UUID, *, user_id: UUID | None = None) -> UUID | None:
        """End a session, of this user if one is given; whose it was, if there was one."""
        statement = delete(Session).where(col(Session.id) == session_id)
        if user_id is not None:
            statement = statement.where(col(Session.user_id) == user_id)
        ended = await self._session.exec(statement.returning(col(Session.user_id)))
        return ended.scalar_one_or_none()

    async def end_all(self, user_id: UUID, *, but: UUID | None = None) -> None:
        """End the user's sessions, all or all others."""
        statement = delete(Session).where(col(Session.user_id) == user_id)
        if but is not None:
            statement = statement.where(col(Session.id) != but)
        await self._session.exec(statement)

    async def purge(self, *, now: datetime) -> int:
        """Delete the sessions that have expired; how many there were."""
        statement = delete(Session).where(col(Session.expires_at) <= now)
        return (await self._session.exec(statement)).rowcount
