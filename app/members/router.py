"""Routes for members."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.authentication.dependencies import ActorDep
from app.core.errors import PermissionDenied
from app.core.pagination import Page, PageQuery
from app.http.openapi import error_responses
from app.http.routing import create_router, set_location
from app.members.dependencies import MemberServiceDep, limit_user_lookup
from app.members.errors import AlreadyMember, InviteeNotFound, LastOwner, MemberNotFound
from app.members.schemas import MemberCreate, MemberPublic, MemberUpdate
from app.projects.errors import ProjectNotFound

router = create_router("/projects/{project_id}/members", tag="members")


@router.get("", responses=error_responses(ProjectNotFound))
async def list_members(
    project_id: UUID,
    query: Annotated[PageQuery, Query()],
    actor: ActorDep,
    members: MemberServiceDep,
) -> Page[MemberPublic]:
    """List the members of a project, by user id."""
    return await members.get_page(actor, query, project_id=project_id)


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(limit_user_lookup)],
    responses=error_responses(ProjectNotFound, PermissionDenied, InviteeNotFound, AlreadyMember),
)
async def add_member(
    project_id: UUID,
    body: MemberCreate,
    actor: ActorDep,
    members: MemberServiceDep,
    response: Response,
) -> MemberPublic:
    """Add a user with a verified e-mail address to a project. Requires the owner role."""
    member = await members.add(actor, body, project_id=project_id)
    set_location(response, f"/projects/{project_id}/members/{member.user_id}")
    return member


@router.patch(
    "/{user_id}",
    responses=error_responses(ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner),
)
async def update_member(
    project_id: UUID,
    user_id: UUID,
    body: MemberUpdate,
    actor: ActorDep,
    members: MemberServiceDep,
) -> MemberPublic:
    """Change the role of a member. Requires the owner role."""
    return await members.update(actor, body, project_id=project_id, member_id=user_id)


@router.delete(
    "/{user_id}",
    status_code=204,
    responses=error_responses(ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner),
)
async def remove_member(
    project_id: UUID, user_id: UUID, actor: ActorDep, members: MemberServiceDep
) -> None:
    """Remove a member. Requires the owner role, except to remove yourself.

    The member's tasks are unassigned.
    """
    await members.remove(actor, project_id=project_id, member_id=user_id)
