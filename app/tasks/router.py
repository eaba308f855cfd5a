"""Routes for tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.authentication.dependencies import ActorDep
from app.core.errors import EditConflict, PermissionDenied
from app.core.pagination import Page
from app.http.conditional import IfMatchDep, respond_if_modified
from app.http.openapi import error_responses
from app.http.routing import create_router, set_location
from app.idempotency.dependencies import IDEMPOTENCY_ERRORS, idempotent
from app.projects.errors import ProjectNotFound
from app.tasks.dependencies import TaskServiceDep
from app.tasks.errors import AssigneeNotMember, TagNotInProject, TaskNotFound
from app.tasks.schemas import TaskCreate, TaskPublic, TaskQuery, TaskTags, TaskUpdate

router = create_router(tag="tasks")


@router.get("/projects/{project_id}/tasks", responses=error_responses(ProjectNotFound))
async def list_tasks(
    project_id: UUID, query: Annotated[TaskQuery, Query()], actor: ActorDep, tasks: TaskServiceDep
) -> Page[TaskPublic]:
    """List the tasks of a project, filtered and sorted."""
    return await tasks.get_page(actor, query, project_id=project_id)


@router.post(
    "/projects/{project_id}/tasks",
    status_code=201,
    dependencies=[Depends(idempotent)],
    responses=error_responses(
        ProjectNotFound, PermissionDenied, AssigneeNotMember, *IDEMPOTENCY_ERRORS
    ),
)
async def create_task(
    project_id: UUID, body: TaskCreate, actor: ActorDep, tasks: TaskServiceDep, response: Response
) -> TaskPublic:
    """Create a task. Requires the editor role."""
    task = await tasks.create(actor, body, project_id=project_id)
    set_location(response, f"/tasks/{task.id}")
    return task


@router.get(
    "/tasks/{task_id}",
    dependencies=[Depends(respond_if_modified)],
    responses=error_responses(TaskNotFound),
)
async def read_task(task_id: UUID, actor: ActorDep, tasks: TaskServiceDep) -> TaskPublic:
    """Return a task."""
    return await tasks.get(actor, task_id=task_id)


@router.patch(
    "/tasks/{task_id}",
    responses=error_responses(TaskNotFound, PermissionDenied, AssigneeNotMember, EditConflict),
)
async def update_task(
    task_id: UUID, body: TaskUpdate, if_match: IfMatchDep, actor: ActorDep, tasks: TaskServiceDep
) -> TaskPublic:
    """Change a task. An absent field is unchanged; null clears it. Requires the editor role."""
    return await tasks.update(actor, body, task_id=task_id, if_match=if_match)


@router.put(
    "/tasks/{task_id}/tags",
    responses=error_responses(TaskNotFound, PermissionDenied, TagNotInProject, EditConflict),
)
async def set_task_tags(
    task_id: UUID, body: TaskTags, if_match: IfMatchDep, actor: ActorDep, tasks: TaskServiceDep
) -> TaskPublic:
    """Replace the tags of a task. Requires the editor role."""
    return await tasks.set_tags(actor, body, task_id=task_id, if_match=if_match)


@router.delete(
    "/tasks/{task_id}",
    status_code=204,
    responses=error_responses(TaskNotFound, PermissionDenied, EditConflict),
)
async def delete_task(
    task_id: UUID, if_match: IfMatchDep, actor: ActorDep, tasks: TaskServiceDep
) -> None:
    """Delete a task permanently. Requires the editor role."""
    await tasks.delete(actor, task_id=task_id, if_match=if_match)
