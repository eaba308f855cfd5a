"""Deletion of expired idempotency keys."""

from app.core import clock
from app.idempotency.repository import IdempotencyKeyRepository
from app.runtime.unit_of_work import UnitOfWork


async def purge_idempotency_keys(unit: UnitOfWork) -> int:
    """Delete the keys that have expired, with their responses. Return their number."""
    return await IdempotencyKeyRepository(unit.session).purge(now=clock.now())
