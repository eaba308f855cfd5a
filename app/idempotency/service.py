"""Requests that clients may repeat: the first answer is kept, and given again
(draft-ietf-httpapi-idempotency-key-header).
"""

from datetime import timedelta
from uuid import UUID

from app.core import clock
from app.idempotency.errors import IdempotencyKeyReused
from app.idempotency.models import IdempotencyKey
from app.idempotency.repository import IdempotencyKeyRepository

LIFETIME = timedelta(hours=24)


class IdempotencyService:
    """Keeps first answers. A key is stored by the transaction that answers, or not at all."""

    def __init__(self, keys: IdempotencyKeyRepository) -> None:
        self._keys = keys

    async def claim(self, user_id: UUID, key: str, request_digest: str) -> IdempotencyKey:
        """The key, with the answer if the request has been answered before.

        Raises IdempotencyKeyReused for another request under the key, and IdempotencyKeyInUse
        when the first one takes too long.
        """
        now = clock.now()
        new = IdempotencyKey(
            user_id=user_id, key=key, request_digest=request_digest, expires_at=now + LIFETIME
        )
        stored = await self._keys.add(new, now=now)
        if stored.request_digest != request_digest:
            raise IdempotencyKeyReused
        return stored
