"""Factory of tasks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.core import clock
from app.tags.models import Tag
from app.tasks.models import Task, TaskTag
from app.users.models import User
from tests.projects.factory import create_project
from tests.support.factories import Factory


async def create_task(factory: Factory, project_id: UUID, *tags: Tag, **values: Any) -> Task:
    """Store a task of the project, with these tags."""
    now = clock.now()
    task = Task(
        project_id=project_id,
        **{"title": "Repair the mill", "created_at": now, "updated_at": now, **values},
    )
    await factory.add(task, *[TaskTag(task_id=task.id, tag_id=tag.id) for tag in tags])
    return task


async def create_shared_task(factory: Factory, owner: User, **members: User) -> Task:
    """Store a task of a new project, with members by role: `viewer=user` or `editor=user`."""
    project = await create_project(factory, owner, **members)
    return await create_task(factory, project.id)


async def create_tasks(
    factory: Factory, project_id: UUID, *tasks_values: dict[str, Any]
) -> list[Task]:
    """Store tasks with these values. Each was created a minute after the previous one."""
    start = clock.now() - timedelta(days=1)
    return [
        await create_task(
            factory, project_id, **{"created_at": start + timedelta(minutes=number), **values}
        )
        for number, values in enumerate(tasks_values)
    ]
