"""Construction of the account service, and its limit."""

from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from app.accounts.service import AccountService
from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.http.rate_limit import limiter
from app.one_time_tokens.dependencies import get_one_time_token_service
from app.sessions.repository import SessionRepository
from app.users.hooks import before_user_deletion
from app.users.repository import UserRepository
from app.verification.dependencies import get_verification_service


async def get_account_service(unit: UnitOfWorkDep) -> AccountService:
    """Return the account service in this unit of work."""
    return AccountService(
        users=UserRepository(unit.session),
        sessions=SessionRepository(unit.session),
        one_time_tokens=await get_one_time_token_service(unit),
        verification=await get_verification_service(unit),
        before_deletion=partial(before_user_deletion.run, unit),
        audit=await get_audit_trail(unit),
        cursors=unit.resources.cursors,
    )


AccountServiceDep = Annotated[AccountService, Depends(get_account_service)]


@limiter.limited("registration")
async def limit_registration(request: Request) -> None:
    """Limit registrations from one IP address. Raises RateLimited."""
