"""Limits, as dependencies: they count before the handler runs.

The general budget covers every route under /api/v1. A sensitive one names its own beside it:
`dependencies=[Depends(limit_registration)]`. Budgets by user come after authentication, because
an unverified credential would let anyone spend another's, or have a fresh one for each request.
"""

from fastapi import Request

from app.authentication.dependencies import ClaimsDep, HashSlotDep, PrincipalDep
from app.http.rate_limit import BUDGETS, by_ip, by_user, limiter


async def limit_general(request: Request) -> None:
    """All requests of an IP. Raises RateLimited."""
    if not limiter.enabled:
        return
    budget = await limiter.draw("limit_general", by_ip(request))
    request.scope["state"][BUDGETS] = [budget]
    budget.refuse_if_exceeded()


@limiter.limit(limiter.policy("limit_registration"))
async def limit_registration(request: Request) -> None:
    """Registrations of an IP. Raises RateLimited."""


@limiter.limit(limiter.policy("limit_token"))
async def limit_token(request: Request) -> None:
    """Log-ins, refreshes and revocations of an IP. Raises RateLimited."""


@limiter.limit(limiter.policy("limit_mail_request"))
async def limit_mail_request(request: Request) -> None:
    """Mails asked for from an IP. Raises RateLimited."""


@limiter.limit(limiter.policy("limit_one_time_token"))
async def limit_one_time_token(request: Request) -> None:
    """One-time tokens tried from an IP. Raises RateLimited."""


@limiter.limit(limiter.policy("limit_mail_request"), key_func=by_user)
async def limit_mail_request_by_user(request: Request, principal: PrincipalDep) -> None:
    """Mails asked for by a user. Raises RateLimited."""


@limiter.limit(limiter.policy("limit_password_check"), key_func=by_user)
async def limit_password_check(
    request: Request, claims: ClaimsDep, slot: HashSlotDep, principal: PrincipalDep
) -> None:
    """Passwords checked for a user. Raises RateLimited.

    The order counts: no slot for the anonymous, and no session before the slot.
    """
