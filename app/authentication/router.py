"""Log-in, sessions, and what is mailed to prove an address."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.authentication.dependencies import (
    CurrentUserDep,
    HashSlotDep,
    PrincipalDep,
    RevocationDep,
    TokenGrantDep,
)
from app.authentication.errors import InvalidGrant, InvalidRequest, UnsupportedGrantType
from app.authentication.limits import (
    limit_mail_request,
    limit_mail_request_by_user,
    limit_one_time_token,
    limit_token,
)
from app.authentication.schemas import PasswordGrant, RefreshGrant, Revocation, TokenPair
from app.core.errors import NotFound
from app.core.pagination import Page, PageQuery, Slice
from app.http.openapi import form_body, refusals
from app.one_time_tokens.errors import InvalidToken
from app.passwords.schemas import PasswordReset, PasswordResetRequest
from app.runtime.services import (
    AuthServiceDep,
    PasswordServiceDep,
    SessionServiceDep,
    VerificationServiceDep,
)
from app.sessions.schemas import SessionPublic
from app.users.errors import WeakPassword
from app.verification.schemas import EmailVerification

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post(
    "/token",
    dependencies=[Depends(limit_token)],
    openapi_extra=form_body(PasswordGrant, RefreshGrant, by="grant_type"),
    responses=refusals(InvalidGrant, InvalidRequest, UnsupportedGrantType),
)
async def issue_token(grant: TokenGrantDep, auth: AuthServiceDep) -> TokenPair:
    """Log in, or refresh (RFC 6749 §4.3, §6).

    A refresh token works once; presenting a used one ends its session.
    """
    return await auth.exchange(grant)


@router.post(
    "/revoke",
    response_class=Response,
    dependencies=[Depends(limit_token)],
    openapi_extra=form_body(Revocation),
    responses=refusals(InvalidRequest),
)
async def revoke_token(revocation: RevocationDep, auth: AuthServiceDep) -> None:
    """Log out (RFC 7009): end the session of an access token or a refresh token.

    A token that is not known is no error: what the client wants is the case.
    """
    await auth.revoke(revocation.token)


@router.get("/sessions", response_model=Page[SessionPublic])
async def list_sessions(
    query: Annotated[PageQuery, Query()], principal: PrincipalDep, sessions: SessionServiceDep
) -> Slice[SessionPublic]:
    """Where you are logged in, newest first."""
    return await sessions.get_page(principal, query)


@router.delete("/sessions/{session_id}", status_code=204, responses=refusals(NotFound))
async def end_session(
    session_id: UUID, principal: PrincipalDep, sessions: SessionServiceDep
) -> None:
    """Log out on one device."""
    await sessions.end(principal, session_id)


@router.delete("/sessions", status_code=204)
async def end_other_sessions(principal: PrincipalDep, sessions: SessionServiceDep) -> None:
    """Log out on all other devices."""
    await sessions.end_others(principal)


@router.post(
    "/verify-email",
    status_code=204,
    dependencies=[Depends(limit_one_time_token)],
    responses=refusals(InvalidToken),
)
async def verify_email(body: EmailVerification, verification: VerificationServiceDep) -> None:
    """Prove an address by the token that was mailed to it."""
    await verification.confirm(body.token)


@router.post(
    "/verify-email/resend",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(limit_mail_request_by_user)],
)
async def resend_verification(user: CurrentUserDep, verification: VerificationServiceDep) -> None:
    """Mail a new token, which voids the one before; no mail when the address is verified."""
    await verification.resend(user.id)


@router.post(
    "/password-reset",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(limit_mail_request)],
)
async def request_password_reset(body: PasswordResetRequest, passwords: PasswordServiceDep) -> None:
    """Mail a token to the user with this address. The answer is the same when there is none."""
    passwords.request_reset(body.email)


@router.post(
    "/password-reset/confirm",
    status_code=204,
    dependencies=[Depends(limit_one_time_token)],
    responses=refusals(InvalidToken, WeakPassword),
)
async def reset_password(
    body: PasswordReset, slot: HashSlotDep, passwords: PasswordServiceDep
) -> None:
    """Choose a new password by the token from the mail. All sessions end."""
    await passwords.reset(body.token, new=body.new_password, slot=slot)
