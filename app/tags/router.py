"""Routes for tags."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.authentication.dependencies import ActorDep
from app.core.errors import PermissionDenied
from app.core.pagination import Page, PageQuery
from app.http.openapi import error_responses
from app.http.routing import create_router, set_location
from app.projects.errors import ProjectNotFound
from app.tags.dependencies import TagServiceDep
from app.tags.errors import TagNotFound, TagTaken
from app.tags.schemas import TagCreate, TagPublic, TagUpdate

router = create_router("/projects/{project_id}/tags", tag="tags")


@router.get("", responses=error_responses(ProjectNotFound))
async def list_tags(
    project_id: UUID, query: Annotated[PageQuery, Query()], actor: ActorDep, tags: TagServiceDep
) -> Page[TagPublic]:
    """List the tags of a project, sorted by name."""
    return await tags.get_page(actor, query, project_id=project_id)


@router.post(
    "", status_code=201, responses=error_responses(ProjectNotFound, PermissionDenied, TagTaken)
)
async def create_tag(
    project_id: UUID, body: TagCreate, actor: ActorDep, tags: TagServiceDep, response: Response
) -> TagPublic:
    """Create a tag. Requires the editor role."""
    tag = await tags.create(actor, body, project_id=project_id)
    set_location(response, f"/projects/{project_id}/tags/{tag.id}")
    return tag


@router.patch(
    "/{tag_id}",
    responses=error_responses(ProjectNotFound, TagNotFound, PermissionDenied, TagTaken),
)
async def update_tag(
    project_id: UUID, tag_id: UUID, body: TagUpdate, actor: ActorDep, tags: TagServiceDep
) -> TagPublic:
    """Rename a tag. Requires the editor role."""
    return await tags.update(actor, body, project_id=project_id, tag_id=tag_id)


@router.delete(
    "/{tag_id}",
    status_code=204,
    responses=error_responses(ProjectNotFound, TagNotFound, PermissionDenied),
)
async def delete_tag(project_id: UUID, tag_id: UUID, actor: ActorDep, tags: TagServiceDep) -> None:
    """Delete a tag. Requires the editor role."""
    await tags.delete(actor, project_id=project_id, tag_id=tag_id)
