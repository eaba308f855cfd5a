"""Service for idempotency keys (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.core import clock
from app.idempotency.errors import IdempotencyKeyReused
from app.idempotency.models import IdempotencyKey
from app.idempotency.repository import IdempotencyKeyRepository

LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class IdempotencyService:
    """Service that stores first responses, each in the transaction of its request."""

    keys: IdempotencyKeyRepository

    async def claim(self, *, user_id: UUID, key: str, request_digest: str) -> IdempotencyKey:
        """Return the key, with the response if the request has been processed before.

        Raises IdempotencyKeyReused if the key belongs to another request, and IdempotencyKeyInUse
        when the first request takes too long.
        """
        now = clock.now()
        new = IdempotencyKey(
            user_id=user_id, key=key, request_digest=request_digest, expires_at=now + LIFETIME
        )
        stored = await self.keys.add(new, now=now)
        if stored.request_digest != request_digest:
            raise IdempotencyKeyReused
        return stored
