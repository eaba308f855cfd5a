"""Construction of the project service, and of the check of the access to a project's children."""

from typing import Annotated

from fastapi import Depends

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.projects.repository import ProjectRepository
from app.projects.service import ProjectAccess, ProjectService
from app.runtime.unit_of_work import UnitOfWork
from app.users.repository import UserRepository


async def get_project_access(unit: UnitOfWork) -> ProjectAccess:
    """Return the check of the access to projects in this unit of work."""
    return ProjectAccess(
        projects=ProjectRepository(unit.session), users=UserRepository(unit.session)
    )


async def get_project_service(unit: UnitOfWorkDep) -> ProjectService:
    """Return the project service in this unit of work."""
    return ProjectService(
        projects=ProjectRepository(unit.session),
        access=await get_project_access(unit),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


ProjectServiceDep = Annotated[ProjectService, Depends(get_project_service)]
