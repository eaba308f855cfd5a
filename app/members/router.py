"""Members of a project."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.authentication.dependencies import CurrentUserDep
from app.core.errors import PermissionDenied
from app.core.pagination import Page, PageQuery, Slice
from app.core.schemas import API
from app.http.openapi import refusals
from app.members.errors import AlreadyMember, InviteeNotFound, LastOwner, MemberNotFound
from app.members.schemas import MemberCreate, MemberPublic, MemberUpdate
from app.projects.dependencies import MemberServiceDep, limit_user_lookup
from app.projects.errors import ProjectNotFound

router = APIRouter(prefix="/projects/{project_id}/members", tags=["members"])


@router.get("", response_model=Page[MemberPublic], responses=refusals(ProjectNotFound))
async def list_members(
    project_id: UUID,
    query: Annotated[PageQuery, Query()],
    user: CurrentUserDep,
    members: MemberServiceDep,
) -> Slice[MemberPublic]:
    """Who works in a project, by id."""
    return await members.get_page(user.id, project_id, query)


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(limit_user_lookup)],
    responses=refusals(ProjectNotFound, PermissionDenied, InviteeNotFound, AlreadyMember),
)
async def add_member(
    project_id: UUID,
    body: MemberCreate,
    user: CurrentUserDep,
    members: MemberServiceDep,
    response: Response,
) -> MemberPublic:
    """Take a user into a project, by a verified e-mail address. For its owners."""
    member = await members.add(user.id, project_id, body)
    response.headers["Location"] = f"{API}/projects/{project_id}/members/{member.user_id}"
    return member


@router.patch(
    "/{user_id}",
    responses=refusals(ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner),
)
async def update_member(
    project_id: UUID,
    user_id: UUID,
    body: MemberUpdate,
    user: CurrentUserDep,
    members: MemberServiceDep,
) -> MemberPublic:
    """Change what a member may do. For the project's owners."""
    return await members.update(user.id, project_id, user_id, body)


@router.delete(
    "/{user_id}",
    status_code=204,
    responses=refusals(ProjectNotFound, PermissionDenied, MemberNotFound, LastOwner),
)
async def remove_member(
    project_id: UUID, user_id: UUID, user: CurrentUserDep, members: MemberServiceDep
) -> None:
    """Leave a project, or as its owner remove a member, whose tasks are left unassigned."""
    await members.remove(user.id, project_id, user_id)
