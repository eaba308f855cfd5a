"""Handler for the removal of a member."""

from uuid import UUID

from app.core import clock
from app.runtime.unit_of_work import UnitOfWork
from app.tasks.repository import TaskRepository


async def unassign_member(unit: UnitOfWork, project_id: UUID, user_id: UUID) -> None:
    """Remove the member as the assignee of tasks in the project."""
    tasks = TaskRepository(unit.session)
    await tasks.unassign(project_id=project_id, user_id=user_id, now=clock.now())
