"""Routes for log-in and sessions."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.authentication.dependencies import (
    AuthServiceDep,
    PrincipalDep,
    RevocationDep,
    TokenGrantDep,
    is_log_in,
    limit_token,
)
from app.authentication.errors import InvalidGrant, InvalidRequest, UnsupportedGrantType
from app.authentication.schemas import PasswordGrant, RefreshGrant, Revocation, TokenPair
from app.core.errors import NotFound
from app.core.pagination import Page, PageQuery
from app.http.dependencies import hashes_passwords
from app.http.openapi import error_responses, form_body
from app.http.routing import create_router
from app.sessions.dependencies import SessionServiceDep
from app.sessions.schemas import SessionPublic

router = create_router("/auth", tag="auth")


@router.post(
    "/token",
    dependencies=[Depends(limit_token)],
    openapi_extra=form_body(PasswordGrant, RefreshGrant, discriminator="grant_type"),
    responses=error_responses(InvalidGrant, InvalidRequest, UnsupportedGrantType),
)
@hashes_passwords(when=is_log_in)
async def issue_token(grant: TokenGrantDep, auth: AuthServiceDep) -> TokenPair:
    """Log in, or refresh (RFC 6749 §4.3, §6).

    A refresh token can be used once. Using it again ends its session.
    """
    return await auth.exchange(grant)


@router.post(
    "/revoke",
    response_class=Response,
    dependencies=[Depends(limit_token)],
    openapi_extra=form_body(Revocation),
    responses=error_responses(InvalidRequest),
)
async def revoke_token(revocation: RevocationDep, auth: AuthServiceDep) -> None:
    """Log out (RFC 7009): end the session of an access token or a refresh token.

    An unknown token is not an error, because no session of it is left.
    """
    await auth.revoke(revocation.token)


@router.get("/sessions")
async def list_sessions(
    query: Annotated[PageQuery, Query()], principal: PrincipalDep, sessions: SessionServiceDep
) -> Page[SessionPublic]:
    """List your live sessions, newest first."""
    return await sessions.get_page(principal.actor, query, current_session_id=principal.session_id)


@router.delete("/sessions/{session_id}", status_code=204, responses=error_responses(NotFound))
async def end_session(
    session_id: UUID, principal: PrincipalDep, sessions: SessionServiceDep
) -> None:
    """Log out on one device."""
    await sessions.end(principal.actor, session_id=session_id)


@router.delete("/sessions", status_code=204)
async def end_other_sessions(principal: PrincipalDep, sessions: SessionServiceDep) -> None:
    """Log out on all other devices."""
    await sessions.end_others(principal.actor, current_session_id=principal.session_id)
