"""Service for log-in and authentication."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from app.audit.service import Actor, AuditTrail
from app.authentication.errors import InvalidGrant, ReusedRefreshToken
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
from app.sessions.models import LoginSession, RefreshToken
from app.sessions.repository import SessionRepository
from app.users.models import User
from app.users.repository import UserRepository

SESSION_LIFETIME = timedelta(days=30)
"""Maximum lifetime of a session."""
IDLE_LIFETIME = timedelta(days=7)
"""Lifetime of a session that is not refreshed."""

_logger = get_logger(__name__)


@dataclass(frozen=True)
class Principal:
    """User of a request, and the session that its access token belongs to."""

    user: User
    session_id: UUID

    @property
    def actor(self) -> Actor:
        """User of the request, as the actor of its changes."""
        return Actor(self.user.id)


@dataclass(frozen=True)
class LoginAttempt:
    """Credentials of a log-in, its client, and the slot in which the password is verified."""

    email: str
    password: str
    ip: str
    user_agent: str | None
    slot: HashSlot


async def authenticate(claims: Claims, sessions: SessionRepository) -> Principal:
    """Return the user and session of an access token. Raises Unauthenticated."""
    user = await sessions.get_active_user(
        user_id=claims.user_id, session_id=claims.session_id, now=clock.now()
    )
    if user is None:
        raise Unauthenticated
    return Principal(user, claims.session_id)


@dataclass(frozen=True, kw_only=True)
class AuthService:
    """Service that exchanges credentials for sessions, and access tokens for users."""

    users: UserRepository
    sessions: SessionRepository
    one_time_tokens: OneTimeTokenService
    access_tokens: AccessTokens
    audit: AuditTrail
    throttle: LoginThrottle
    refresh_leeway: timedelta

    async def exchange(self, grant: LoginAttempt | RefreshGrant) -> TokenPair:
        """Return a pair of tokens for the grant (RFC 6749 §4.3, §6)."""
        match grant:
            case LoginAttempt():
                return await self.log_in(grant)
            case RefreshGrant():
                return await self.refresh(grant.refresh_token)

    async def log_in(self, attempt: LoginAttempt) -> TokenPair:
        """Start a session. Raises InvalidGrant, and RateLimited after too many failures.

        An unknown address takes as much work as a known one.
        """
        await self.throttle.raise_if_blocked(attempt.email, attempt.ip)
        user = await self.users.get_by_email(attempt.email)
        stored = user.password_hash if user else None
        verified = await attempt.slot.verify(attempt.password, stored)
        if user is None or not verified or not user.is_active:
            await self.throttle.count_failure(attempt.email, attempt.ip)
            raise InvalidGrant
        await self._confirm_unchanged(user)
        if attempt.slot.is_outdated(user.password_hash):
            user.password_hash = await attempt.slot.hash(attempt.password)
        await self.one_time_tokens.discard(user, TokenPurpose.RESET_PASSWORD)
        return await self._start_session(user, attempt.user_agent)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Exchange a refresh token for the next pair. Raises InvalidGrant.

        A used token ends the session (RFC 9700 §4.14.2), except the immediate predecessor of the
        current one shortly after its use, because the client may have sent two refreshes at once.
        """
        now = clock.now()
        token = await self.sessions.get_token(digest(refresh_token))
        session = await self.sessions.lock_live(token.session_id, now=now) if token else None
        if token is None or session is None:
            raise InvalidGrant
        if not await self.sessions.use_token(token.id, now=now):
            await self._reject_reuse(token, session, now)
        session.last_used_at = now
        session.expires_at = _expiry(session.created_at, now)
        return self._issue(session)

    async def revoke(self, token: str) -> None:
        """End the session of an access token or a refresh token. An unknown token has no effect."""
        session_id = await self._session_of(token)
        if session_id is not None and (user_id := await self.sessions.end(session_id)):
            await self.audit.record(
                "session.ended", actor=Actor(user_id), resource_id=session_id, scope_id=user_id
            )

    async def _confirm_unchanged(self, user: User) -> None:
        """Lock the user. Raise InvalidGrant if it was changed during the verification.

        Deleting or deactivating a user or changing the password ends all sessions, and must also
        end the one that is about to start.
        """
        verified_hash = user.password_hash
        locked = await self.users.lock(user.id)
        if locked is None or not locked.is_active or locked.password_hash != verified_hash:
            raise InvalidGrant

    async def _start_session(self, user: User, user_agent: str | None) -> TokenPair:
        now = clock.now()
        session = LoginSession(
            user_id=user.id,
            user_agent=user_agent,
            created_at=now,
            last_used_at=now,
            expires_at=_expiry(now, now),
        )
        await self.audit.record(
            "session.started", actor=Actor(user.id), resource_id=session.id, scope_id=user.id
        )
        return self._issue(session)

    def _issue(self, session: LoginSession) -> TokenPair:
        refresh_token = new_opaque_token()
        self.sessions.add_token(
            RefreshToken(session=session, session_id=session.id, token_digest=digest(refresh_token))
        )
        return TokenPair(
            access_token=self.access_tokens.issue(user_id=session.user_id, session_id=session.id),
            expires_in=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            refresh_token=refresh_token,
        )

    async def _reject_reuse(
        self, token: RefreshToken, session: LoginSession, now: datetime
    ) -> NoReturn:
        since = now - self.refresh_leeway
        if self.refresh_leeway and await self.sessions.is_latest_used(token, since=since):
            _logger.warning("refresh_token.raced", session_id=str(session.id))
            raise InvalidGrant
        _logger.warning("refresh_token.reused", session_id=str(session.id))
        await self.audit.record(
            "session.ended",
            actor=None,
            resource_id=session.id,
            scope_id=session.user_id,
            details={"reason": "token_reused"},
        )
        await self.sessions.end(session.id)
        raise ReusedRefreshToken

    async def _session_of(self, token: str) -> UUID | None:
        refresh_token = await self.sessions.get_token(digest(token))
        if refresh_token is not None:
            return refresh_token.session_id
        try:
            return self.access_tokens.read(token).session_id
        except InvalidAccessToken:
            return None


def _expiry(created_at: datetime, used_at: datetime) -> datetime:
    return min(used_at + IDLE_LIFETIME, created_at + SESSION_LIFETIME)
