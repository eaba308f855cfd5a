"""Tasks of a project."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.authentication.dependencies import CurrentUserDep
from app.core.errors import EditConflict, PermissionDenied
from app.core.pagination import Page, Slice
from app.core.schemas import API
from app.http.conditional import IfMatchDep, answer_if_modified
from app.http.openapi import refusals
from app.http.post_processing import FinishedRoute
from app.idempotency.dependencies import IDEMPOTENCY_REFUSALS, idempotent
from app.projects.dependencies import TaskServiceDep
from app.projects.errors import ProjectNotFound
from app.tasks.errors import AssigneeNotMember, TagNotInProject, TaskNotFound
from app.tasks.models import Task
from app.tasks.schemas import TaskCreate, TaskPublic, TaskQuery, TaskTags, TaskUpdate

router = APIRouter(tags=["tasks"], route_class=FinishedRoute)


@router.get(
    "/projects/{project_id}/tasks",
    response_model=Page[TaskPublic],
    responses=refusals(ProjectNotFound),
)
async def list_tasks(
    project_id: UUID,
    query: Annotated[TaskQuery, Query()],
    user: CurrentUserDep,
    tasks: TaskServiceDep,
) -> Slice[TaskPublic]:
    """The tasks of a project, filtered and sorted."""
    return await tasks.get_page(user.id, project_id, query)


@router.post(
    "/projects/{project_id}/tasks",
    status_code=201,
    response_model=TaskPublic,
    dependencies=[Depends(idempotent)],
    responses=refusals(ProjectNotFound, PermissionDenied, AssigneeNotMember, *IDEMPOTENCY_REFUSALS),
)
async def create_task(
    project_id: UUID,
    body: TaskCreate,
    user: CurrentUserDep,
    tasks: TaskServiceDep,
    response: Response,
) -> Task:
    """Make a task. For editors."""
    task = await tasks.create(user.id, project_id, body)
    response.headers["Location"] = f"{API}/tasks/{task.id}"
    return task


@router.get(
    "/tasks/{task_id}",
    response_model=TaskPublic,
    dependencies=[Depends(answer_if_modified)],
    responses=refusals(TaskNotFound),
)
async def read_task(task_id: UUID, user: CurrentUserDep, tasks: TaskServiceDep) -> Task:
    """A task."""
    return await tasks.get(user.id, task_id)


@router.patch(
    "/tasks/{task_id}",
    response_model=TaskPublic,
    responses=refusals(TaskNotFound, PermissionDenied, AssigneeNotMember, EditConflict),
)
async def update_task(
    task_id: UUID,
    body: TaskUpdate,
    if_match: IfMatchDep,
    user: CurrentUserDep,
    tasks: TaskServiceDep,
) -> Task:
    """Change a task. An absent field stays; null clears it. For editors."""
    return await tasks.update(user.id, task_id, body, if_match=if_match)


@router.put(
    "/tasks/{task_id}/tags",
    response_model=TaskPublic,
    responses=refusals(TaskNotFound, PermissionDenied, TagNotInProject, EditConflict),
)
async def set_task_tags(
    task_id: UUID,
    body: TaskTags,
    if_match: IfMatchDep,
    user: CurrentUserDep,
    tasks: TaskServiceDep,
) -> Task:
    """Give a task these tags and no others. For editors."""
    return await tasks.set_tags(user.id, task_id, body, if_match=if_match)


@router.delete(
    "/tasks/{task_id}",
    status_code=204,
    responses=refusals(TaskNotFound, PermissionDenied, EditConflict),
)
async def delete_task(
    task_id: UUID, if_match: IfMatchDep, user: CurrentUserDep, tasks: TaskServiceDep
) -> None:
    """Delete a task, for good. For editors."""
    await tasks.delete(user.id, task_id, if_match=if_match)
