"""Construction of the member service, and its limit."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from app.audit.dependencies import get_audit_trail
from app.authentication.dependencies import PrincipalDep
from app.http.dependencies import UnitOfWorkDep
from app.http.rate_limit import by_user, limiter
from app.members.hooks import before_member_removal
from app.members.repository import MemberRepository
from app.members.service import MemberService
from app.projects.dependencies import get_project_access
from app.users.repository import UserRepository


async def get_member_service(unit: UnitOfWorkDep) -> MemberService:
    """Return the member service in this unit of work."""
    return MemberService(
        members=MemberRepository(unit.session),
        users=UserRepository(unit.session),
        access=await get_project_access(unit),
        before_removal=partial(before_member_removal.run, unit),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


MemberServiceDep = Annotated[MemberService, Depends(get_member_service)]


@limiter.limited("user_lookup", key=by_user)
async def limit_user_lookup(request: Request, principal: PrincipalDep) -> None:
    """Limit a user's look-ups of other users by address. Raises RateLimited."""
