"""Routes for verification."""

from fastapi import Depends, Response

from app.authentication.dependencies import ActorDep
from app.http.openapi import error_responses
from app.http.routing import create_router
from app.one_time_tokens.dependencies import limit_one_time_token
from app.one_time_tokens.errors import InvalidToken
from app.verification.dependencies import VerificationServiceDep, limit_mail_request_by_user
from app.verification.schemas import EmailVerification

router = create_router("/auth/verify-email", tag="auth")


@router.post(
    "",
    status_code=204,
    dependencies=[Depends(limit_one_time_token)],
    responses=error_responses(InvalidToken),
)
async def verify_email(body: EmailVerification, verification: VerificationServiceDep) -> None:
    """Verify an address with the token from the mail."""
    await verification.confirm(body.token)


@router.post(
    "/resend",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(limit_mail_request_by_user)],
)
async def resend_verification(actor: ActorDep, verification: VerificationServiceDep) -> None:
    """Mail a new token, which replaces the previous one, unless your address is verified."""
    await verification.resend(actor)
