"""Construction of the task service."""

from typing import Annotated

from fastapi import Depends

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.members.repository import MemberRepository
from app.projects.dependencies import get_project_access
from app.tasks.repository import TaskRepository
from app.tasks.service import TaskService
from app.users.repository import UserRepository


async def get_task_service(unit: UnitOfWorkDep) -> TaskService:
    """Return the task service in this unit of work."""
    return TaskService(
        tasks=TaskRepository(unit.session),
        members=MemberRepository(unit.session),
        users=UserRepository(unit.session),
        access=await get_project_access(unit),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


TaskServiceDep = Annotated[TaskService, Depends(get_task_service)]
