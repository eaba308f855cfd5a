"""Deletion of expired sessions."""

from app.core import clock
from app.runtime.unit_of_work import UnitOfWork
from app.sessions.repository import SessionRepository


async def purge_sessions(unit: UnitOfWork) -> int:
    """Delete the sessions that have expired, with their refresh tokens. Return their number."""
    return await SessionRepository(unit.session).purge(now=clock.now())
