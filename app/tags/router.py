"""Tags of a project."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.authentication.dependencies import CurrentUserDep
from app.core.errors import PermissionDenied
from app.core.pagination import Page, PageQuery, Slice
from app.core.schemas import API
from app.http.openapi import refusals
from app.projects.dependencies import TagServiceDep
from app.projects.errors import ProjectNotFound
from app.tags.errors import TagNotFound, TagTaken
from app.tags.models import Tag
from app.tags.schemas import TagCreate, TagPublic, TagUpdate

router = APIRouter(prefix="/projects/{project_id}/tags", tags=["tags"])


@router.get("", response_model=Page[TagPublic], responses=refusals(ProjectNotFound))
async def list_tags(
    project_id: UUID,
    query: Annotated[PageQuery, Query()],
    user: CurrentUserDep,
    tags: TagServiceDep,
) -> Slice[TagPublic]:
    """The tags of a project, by name."""
    return await tags.get_page(user.id, project_id, query)


@router.post(
    "",
    status_code=201,
    response_model=TagPublic,
    responses=refusals(ProjectNotFound, PermissionDenied, TagTaken),
)
async def create_tag(
    project_id: UUID,
    body: TagCreate,
    user: CurrentUserDep,
    tags: TagServiceDep,
    response: Response,
) -> Tag:
    """Make a tag. For editors."""
    tag = await tags.create(user.id, project_id, body)
    response.headers["Location"] = f"{API}/projects/{project_id}/tags/{tag.id}"
    return tag


@router.patch(
    "/{tag_id}",
    response_model=TagPublic,
    responses=refusals(TagNotFound, PermissionDenied, TagTaken),
)
async def update_tag(
    project_id: UUID, tag_id: UUID, body: TagUpdate, user: CurrentUserDep, tags: TagServiceDep
) -> Tag:
    """Rename a tag, on all tasks that have it. For editors."""
    return await tags.update(user.id, project_id, tag_id, body)


@router.delete(
    "/{tag_id}",
    status_code=204,
    responses=refusals(TagNotFound, PermissionDenied),
)
async def delete_tag(
    project_id: UUID, tag_id: UUID, user: CurrentUserDep, tags: TagServiceDep
) -> None:
    """Delete a tag, and take it off its tasks. For editors."""
    await tags.delete(user.id, project_id, tag_id)
