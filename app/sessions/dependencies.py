"""Construction of the session service."""

from typing import Annotated

from fastapi import Depends

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.sessions.repository import SessionRepository
from app.sessions.service import SessionService


async def get_session_service(unit: UnitOfWorkDep) -> SessionService:
    """Return the session service in this unit of work."""
    return SessionService(
        sessions=SessionRepository(unit.session),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


SessionServiceDep = Annotated[SessionService, Depends(get_session_service)]
