"""Routes for projects."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.audit.schemas import ActivityPublic
from app.authentication.dependencies import ActorDep
from app.core.errors import EditConflict, PermissionDenied
from app.core.pagination import Page, PageQuery
from app.http.conditional import IfMatchDep, respond_if_modified
from app.http.openapi import error_responses
from app.http.routing import create_router, set_location
from app.idempotency.dependencies import IDEMPOTENCY_ERRORS, idempotent
from app.projects.dependencies import ProjectServiceDep
from app.projects.errors import ProjectNotFound
from app.projects.schemas import ProjectCreate, ProjectPublic, ProjectUpdate

router = create_router("/projects", tag="projects")


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(idempotent)],
    responses=error_responses(*IDEMPOTENCY_ERRORS),
)
async def create_project(
    body: ProjectCreate, actor: ActorDep, projects: ProjectServiceDep, response: Response
) -> ProjectPublic:
    """Create a project, which you own."""
    project = await projects.create(actor, body)
    set_location(response, f"/projects/{project.id}")
    return project


@router.get("")
async def list_projects(
    query: Annotated[PageQuery, Query()], actor: ActorDep, projects: ProjectServiceDep
) -> Page[ProjectPublic]:
    """List the projects that you are a member of, newest first."""
    return await projects.get_page(actor, query)


@router.get(
    "/{project_id}",
    dependencies=[Depends(respond_if_modified)],
    responses=error_responses(ProjectNotFound),
)
async def read_project(
    project_id: UUID, actor: ActorDep, projects: ProjectServiceDep
) -> ProjectPublic:
    """Return a project."""
    return await projects.get(actor, project_id=project_id)


@router.patch(
    "/{project_id}", responses=error_responses(ProjectNotFound, PermissionDenied, EditConflict)
)
async def update_project(
    project_id: UUID,
    body: ProjectUpdate,
    if_match: IfMatchDep,
    actor: ActorDep,
    projects: ProjectServiceDep,
) -> ProjectPublic:
    """Change a project. An absent field is unchanged; null clears it. Requires the owner role."""
    return await projects.update(actor, body, project_id=project_id, if_match=if_match)


@router.delete(
    "/{project_id}",
    status_code=204,
    responses=error_responses(ProjectNotFound, PermissionDenied),
)
async def delete_project(
    project_id: UUID, if_match: IfMatchDep, actor: ActorDep, projects: ProjectServiceDep
) -> None:
    """Delete a project permanently, with its tasks and tags. Requires the owner role."""
    await projects.delete(actor, project_id=project_id, if_match=if_match)


@router.get("/{project_id}/activity", responses=error_responses(ProjectNotFound, PermissionDenied))
async def list_project_activity(
    project_id: UUID,
    query: Annotated[PageQuery, Query()],
    actor: ActorDep,
    projects: ProjectServiceDep,
) -> Page[ActivityPublic]:
    """List the changes in a project, newest first. Requires the owner role."""
    return await projects.get_activity(actor, query, project_id=project_id)
