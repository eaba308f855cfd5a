"""Construction of the task service, and of the check of the access to a task's children."""

from typing import Annotated

from fastapi import Depends

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.members.repository import MemberRepository
from app.projects.dependencies import get_project_access
from app.runtime.unit_of_work import UnitOfWork
from app.tasks.repository import TaskRepository
from app.tasks.service import TaskAccess, TaskService


async def get_task_access(unit: UnitOfWork) -> TaskAccess:
    """Return the check of the access to tasks in this unit of work."""
    return TaskAccess(tasks=TaskRepository(unit.session), projects=await get_project_access(unit))


async def get_task_service(unit: UnitOfWorkDep) -> TaskService:
    """Return the task service in this unit of work."""
    return TaskService(
        tasks=TaskRepository(unit.session),
        members=MemberRepository(unit.session),
        access=await get_task_access(unit),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


TaskServiceDep = Annotated[TaskService, Depends(get_task_service)]
