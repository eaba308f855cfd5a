"""Log-in, refresh and revocation, and the user behind an access token."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.audit.service import ActivityService
from app.authentication.errors import InvalidGrant, ReusedRefreshToken
from app.authentication.models import RefreshToken, Session
from app.authentication.repository import SessionRepository
from app.authentication.schemas import RefreshGrant, TokenPair
from app.authentication.throttle import LoginThrottle
from app.core import clock
from app.core.errors import Unauthenticated
from app.core.logging import get_logger
from app.core.passwords import HashSlot
from app.core.tokens import (
    ACCESS_TOKEN_LIFETIME,
    AccessTokens,
    Claims,
    InvalidAccessToken,
    digest,
    new_opaque_token,
)
from app.one_time_tokens.models import TokenPurpose
from app.one_time_tokens.service import OneTimeTokenService
from app.users.models import User
from app.users.repository import UserRepository

SESSION_LIFETIME = timedelta(days=30)
"""From log-in to the end of a session, however much it is used."""
IDLE_LIFETIME = timedelta(days=7)
"""From one refresh to the end of a session that is not refreshed again."""

_logger = get_logger(__name__)


@dataclass(frozen=True)
class Principal:
    """Who makes a request, and in which session."""

    user: User
    session_id: UUID


@dataclass(frozen=True)
class LoginAttempt:
    """What a log-in is judged by, and the slot in which its password is verified."""

    email: str
    password: str
    ip: str
    user_agent: str | None
    slot: HashSlot


class AuthService:
    """Turns credentials into sessions, and tokens into users."""

    def __init__(
        self,
        *,
        users: UserRepository,
        sessions: SessionRepository,
        one_time_tokens: OneTimeTokenService,
        access_tokens: AccessTokens,
        activity: ActivityService,
        throttle: LoginThrottle,
        refresh_leeway_seconds: int,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens
        self._access_tokens = access_tokens
        self._activity = activity
        self._throttle = throttle
        self._refresh_leeway = timedelta(seconds=refresh_leeway_seconds)

    async def authenticate(self, claims: Claims) -> Principal:
        """The user and session that an access token speaks for. Raises Unauthenticated."""
        user = await self._sessions.get_active_user(
            user_id=claims.user_id, session_id=claims.session_id, now=clock.now()
        )
        if user is None:
            raise Unauthenticated
        return Principal(user, claims.session_id)

    async def exchange(self, grant: LoginAttempt | RefreshGrant) -> TokenPair:
        """The pair of tokens that the grant is worth (RFC 6749 §4.3, §6)."""
        match grant:
            case LoginAttempt():
                return await self.log_in(grant)
            case RefreshGrant():
                return await self.refresh(grant.refresh_token)

    async def log_in(self, attempt: LoginAttempt) -> TokenPair:
        """Start a session. Raises InvalidGrant, and RateLimited after too many failures.

        An unknown address costs the same work as a known one.
        """
        await self._throttle.refuse_if_blocked(attempt.email, attempt.ip)
        user = await self._users.get_by_email(attempt.email)
        stored = user.password_hash if user else None
        verified = await attempt.slot.verify(attempt.password, stored)
        if user is None or not verified or not user.is_active:
            await self._throttle.count_failure(attempt.email, attempt.ip)
            raise InvalidGrant
        await self._confirm_unchanged(user)
        if attempt.slot.is_outdated(user.password_hash):
            user.password_hash = await attempt.slot.hash(attempt.password)
        await self._one_time_tokens.discard(user, TokenPurpose.RESET_PASSWORD)
        return await self._start_session(user, attempt.user_agent)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for the next pair. Raises InvalidGrant.

        A used token ends the session (RFC 9700 §4.14.2), unless it is the current one's immediate
        predecessor and was used just now: then a client raced itself, and is only refused.
        """
        now = clock.now()
        token = await self._sessions.get_token(digest(refresh_token))
        session = await self._sessions.lock_live(token.session_id, now=now) if token else None
        if token is None or session is None:
            raise InvalidGrant
        if not await self._sessions.use_token(token.id, now=now):
            await self._refuse_reuse(token, session, now)
        session.last_used_at = now
        session.expires_at = _expiry(session.created_at, now)
        return self._issue(session)

    async def revoke(self, token: str) -> None:
        """End the session of an access token or a refresh token; an unknown one ends nothing."""
        session_id = await self._session_of(token)
        if session_id is not None and (user_id := await self._sessions.end(session_id)):
            await self._activity.record("session.ended", by=user_id, on=session_id, within=user_id)

    async def _confirm_unchanged(self, user: User) -> None:
        """Lock the user, who may have been deleted, deactivated or given another password while
        this one was verified: that ended all sessions, and must end this one too.
        """
        verified_hash = user.password_hash
        locked = await self._users.lock(user.id)
        if locked is None or not locked.is_active or locked.password_hash != verified_hash:
            raise InvalidGrant

    async def _start_session(self, user: User, user_agent: str | None) -> TokenPair:
        now = clock.now()
        session = Session(
            user_id=user.id,
            user_agent=user_agent,
            created_at=now,
            last_used_at=now,
            expires_at=_expiry(now, now),
        )
        await self._activity.record("session.started", by=user.id, on=session.id, within=user.id)
        return self._issue(session)

    def _issue(self, session: Session) -> TokenPair:
        refresh_token = new_opaque_token()
        self._sessions.add_token(
            RefreshToken(session=session, session_id=session.id, token_digest=digest(refresh_token))
        )
        return TokenPair(
            access_token=self._access_tokens.issue(user_id=session.user_id, session_id=session.id),
            expires_in=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            refresh_token=refresh_token,
        )

    async def _refuse_reuse(self, token: RefreshToken, session: Session, now: datetime) -> None:
        since = now - self._refresh_leeway
        if self._refresh_leeway and await self._sessions.is_latest_used(token, since=since):
            _logger.warning("refresh_token.raced", session_id=str(session.id))
            raise InvalidGrant
        _logger.warning("refresh_token.reused", session_id=str(session.id))
        await self._activity.record(
            "session.ended",
            by=None,
            on=session.id,
            within=session.user_id,
            details={"reason": "token_reused"},
        )
        await self._sessions.end(session.id)
        raise ReusedRefreshToken

    async def _session_of(self, token: str) -> UUID | None:
        refresh_token = await self._sessions.get_token(digest(token))
        if refresh_token is not None:
            return refresh_token.session_id
        try:
            return self._access_tokens.read(token).session_id
        except InvalidAccessToken:
            return None


def _expiry(created_at: datetime, used_at: datetime) -> datetime:
    return min(used_at + IDLE_LIFETIME, created_at + SESSION_LIFETIME)
