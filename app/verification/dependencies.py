"""Construction of the verification service, and its limit."""

from typing import Annotated

from fastapi import Depends, Request

from app.audit.dependencies import get_audit_trail
from app.authentication.dependencies import PrincipalDep
from app.http.dependencies import UnitOfWorkDep
from app.http.rate_limit import by_user, limiter
from app.one_time_tokens.dependencies import get_one_time_token_service
from app.outbox.dependencies import get_outbox_service
from app.users.repository import UserRepository
from app.verification.service import VerificationService


async def get_verification_service(unit: UnitOfWorkDep) -> VerificationService:
    """Return the verification service in this unit of work."""
    return VerificationService(
        users=UserRepository(unit.session),
        one_time_tokens=await get_one_time_token_service(unit),
        outbox=await get_outbox_service(unit),
        audit=await get_audit_trail(unit),
        settings=unit.resources.settings,
    )


VerificationServiceDep = Annotated[VerificationService, Depends(get_verification_service)]


@limiter.limited("mail_request", name="mail_request_by_user", key=by_user)
async def limit_mail_request_by_user(request: Request, principal: PrincipalDep) -> None:
    """Limit the mails that one user requests. Raises RateLimited."""
