"""Construction of the one-time token service, and its limit."""

from fastapi import Request

from app.http.rate_limit import limiter
from app.one_time_tokens.repository import OneTimeTokenRepository
from app.one_time_tokens.service import OneTimeTokenService
from app.runtime.unit_of_work import UnitOfWork
from app.users.repository import UserRepository


async def get_one_time_token_service(unit: UnitOfWork) -> OneTimeTokenService:
    """Return the one-time token service in this unit of work."""
    return OneTimeTokenService(
        users=UserRepository(unit.session), tokens=OneTimeTokenRepository(unit.session)
    )


@limiter.limited("one_time_token")
async def limit_one_time_token(request: Request) -> None:
    """Limit the one-time tokens that one IP address sends. Raises RateLimited."""
