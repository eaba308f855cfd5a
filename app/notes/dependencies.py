"""Construction of the note service."""

from typing import Annotated

from fastapi import Depends

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.notes.repository import NoteRepository
from app.notes.service import NoteService
from app.users.repository import UserRepository


async def get_note_service(unit: UnitOfWorkDep) -> NoteService:
    """Return the note service in this unit of work."""
    return NoteService(
        notes=NoteRepository(unit.session),
        users=UserRepository(unit.session),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


NoteServiceDep = Annotated[NoteService, Depends(get_note_service)]
