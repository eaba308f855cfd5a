"""Construction of the password service, and its limit."""

from typing import Annotated

from fastapi import Depends, Request

from app.audit.dependencies import get_audit_trail
from app.http.dependencies import UnitOfWorkDep
from app.http.rate_limit import limiter
from app.one_time_tokens.dependencies import get_one_time_token_service
from app.outbox.dependencies import get_outbox_service
from app.passwords.service import PasswordService
from app.sessions.repository import SessionRepository
from app.users.repository import UserRepository


async def get_password_service(unit: UnitOfWorkDep) -> PasswordService:
    """Return the password service in this unit of work."""
    return PasswordService(
        users=UserRepository(unit.session),
        sessions=SessionRepository(unit.session),
        one_time_tokens=await get_one_time_token_service(unit),
        outbox=await get_outbox_service(unit),
        audit=await get_audit_trail(unit),
        settings=unit.resources.settings,
    )


PasswordServiceDep = Annotated[PasswordService, Depends(get_password_service)]


@limiter.limited("mail_request")
async def limit_mail_request(request: Request) -> None:
    """Limit the mails that one IP address requests. Raises RateLimited."""
