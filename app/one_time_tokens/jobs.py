"""Deletion of expired one-time tokens."""

from app.core import clock
from app.one_time_tokens.repository import OneTimeTokenRepository
from app.runtime.unit_of_work import UnitOfWork


async def purge_one_time_tokens(unit: UnitOfWork) -> int:
    """Delete the tokens that have expired. Return their number."""
    return await OneTimeTokenRepository(unit.session).purge(now=clock.now())
