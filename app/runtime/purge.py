"""What has expired is deleted from time to time."""

from dataclasses import dataclass

from app.authentication.repository import SessionRepository
from app.core import clock
from app.idempotency.repository import IdempotencyKeyRepository
from app.one_time_tokens.repository import OneTimeTokenRepository


@dataclass(frozen=True)
class Purged:
    """How many rows of each kind were deleted."""

    sessions: int
    one_time_tokens: int
    idempotency_keys: int


class PurgeService:
    """Deletes what can have no effect any more."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        one_time_tokens: OneTimeTokenRepository,
        idempotency_keys: IdempotencyKeyRepository,
    ) -> None:
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens
        self._idempotency_keys = idempotency_keys

    async def purge(self) -> Purged:
        """Delete expired sessions, with their refresh tokens, one-time tokens and kept answers."""
        now = clock.now()
        return Purged(
            sessions=await self._sessions.purge(now=now),
            one_time_tokens=await self._one_time_tokens.purge(now=now),
            idempotency_keys=await self._idempotency_keys.purge(now=now),
        )
