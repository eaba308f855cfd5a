"""What has expired is deleted from time to time."""

from dataclasses import dataclass

from app.core import clock
from app.repositories.one_time_tokens import OneTimeTokenRepository
from app.repositories.sessions import SessionRepository


@dataclass(frozen=True)
class Purged:
    """How many rows of each kind were deleted."""

    sessions: int
    one_time_tokens: int


class PurgeService:
    """Deletes what can have no effect any more."""

    def __init__(
        self, *, sessions: SessionRepository, one_time_tokens: OneTimeTokenRepository
    ) -> None:
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens

    async def purge(self) -> Purged:
        """Delete expired sessions, with their refresh tokens, and expired one-time tokens."""
        now = clock.now()
        return Purged(
            sessions=await self._sessions.purge(now=now),
            one_time_tokens=await self._one_time_tokens.purge(now=now),
        )
