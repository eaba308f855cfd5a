"""Projects."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.audit.schemas import ActivityPublic
from app.authentication.dependencies import CurrentUserDep
from app.core.errors import EditConflict, PermissionDenied
from app.core.pagination import Page, PageQuery, Slice
from app.core.schemas import API
from app.http.conditional import IfMatchDep, answer_if_modified
from app.http.openapi import refusals
from app.http.post_processing import FinishedRoute
from app.idempotency.dependencies import IDEMPOTENCY_REFUSALS, idempotent
from app.projects.dependencies import ProjectServiceDep
from app.projects.errors import ProjectNotFound
from app.projects.models import Project
from app.projects.schemas import ProjectCreate, ProjectPublic, ProjectUpdate

router = APIRouter(prefix="/projects", tags=["projects"], route_class=FinishedRoute)


@router.post(
    "",
    status_code=201,
    response_model=ProjectPublic,
    dependencies=[Depends(idempotent)],
    responses=refusals(*IDEMPOTENCY_REFUSALS),
)
async def create_project(
    body: ProjectCreate,
    user: CurrentUserDep,
    projects: ProjectServiceDep,
    response: Response,
) -> Project:
    """Make a project, which you own."""
    project = await projects.create(user.id, body)
    response.headers["Location"] = f"{API}/projects/{project.id}"
    return project


@router.get("", response_model=Page[ProjectPublic])
async def list_projects(
    query: Annotated[PageQuery, Query()], user: CurrentUserDep, projects: ProjectServiceDep
) -> Slice[ProjectPublic]:
    """The projects that you are a member of, newest first."""
    return await projects.get_page(user.id, query)


@router.get(
    "/{project_id}",
    response_model=ProjectPublic,
    dependencies=[Depends(answer_if_modified)],
    responses=refusals(ProjectNotFound),
)
async def read_project(
    project_id: UUID, user: CurrentUserDep, projects: ProjectServiceDep
) -> Project:
    """A project."""
    return await projects.get(user.id, project_id)


@router.patch(
    "/{project_id}",
    response_model=ProjectPublic,
    responses=refusals(ProjectNotFound, PermissionDenied, EditConflict),
)
async def update_project(
    project_id: UUID,
    body: ProjectUpdate,
    if_match: IfMatchDep,
    user: CurrentUserDep,
    projects: ProjectServiceDep,
) -> Project:
    """Change a project. An absent field stays; null clears it. For its owners."""
    return await projects.update(user.id, project_id, body, if_match=if_match)


@router.delete(
    "/{project_id}", status_code=204, responses=refusals(ProjectNotFound, PermissionDenied)
)
async def delete_project(
    project_id: UUID, if_match: IfMatchDep, user: CurrentUserDep, projects: ProjectServiceDep
) -> None:
    """Delete a project with all that lies in it, for good. For its owners."""
    await projects.delete(user.id, project_id, if_match=if_match)


@router.get(
    "/{project_id}/activity",
    response_model=Page[ActivityPublic],
    responses=refusals(ProjectNotFound, PermissionDenied),
)
async def list_project_activity(
    project_id: UUID,
    query: Annotated[PageQuery, Query()],
    user: CurrentUserDep,
    projects: ProjectServiceDep,
) -> Slice[ActivityPublic]:
    """What was done in a project, newest first. For its owners."""
    return await projects.get_activity(user.id, project_id, query)
