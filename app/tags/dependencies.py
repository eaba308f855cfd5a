"""Construction of the tag service."""

from typing import Annotated

from fastapi import Depends

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.projects.dependencies import get_project_access
from app.tags.repository import TagRepository
from app.tags.service import TagService


async def get_tag_service(unit: UnitOfWorkDep) -> TagService:
    """Return the tag service in this unit of work."""
    return TagService(
        tags=TagRepository(unit.session),
        access=await get_project_access(unit),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


TagServiceDep = Annotated[TagService, Depends(get_tag_service)]
