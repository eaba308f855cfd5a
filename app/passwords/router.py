"""Routes for passwords."""

from fastapi import Depends, Response

from app.authentication.dependencies import PrincipalDep, limit_password_check
from app.http.dependencies import HashSlotDep, hashes_passwords
from app.http.openapi import error_responses
from app.http.routing import create_router
from app.one_time_tokens.dependencies import limit_one_time_token
from app.one_time_tokens.errors import InvalidToken
from app.passwords.dependencies import PasswordServiceDep, limit_mail_request
from app.passwords.schemas import PasswordChange, PasswordReset, PasswordResetRequest
from app.users.errors import WeakPassword, WrongPassword

router = create_router()


@router.post(
    "/users/me/password",
    tags=["users"],
    status_code=204,
    dependencies=[Depends(limit_password_check)],
    responses=error_responses(WrongPassword, WeakPassword),
)
@hashes_passwords()
async def change_password(
    body: PasswordChange, slot: HashSlotDep, principal: PrincipalDep, passwords: PasswordServiceDep
) -> None:
    """Change your password. All your other sessions end."""
    await passwords.change(
        principal, current=body.current_password, new=body.new_password, slot=slot
    )


@router.post(
    "/auth/password-reset",
    tags=["auth"],
    status_code=202,
    response_class=Response,
    dependencies=[Depends(limit_mail_request)],
)
async def request_password_reset(body: PasswordResetRequest, passwords: PasswordServiceDep) -> None:
    """Mail a token that resets the password. The response is the same for an unknown address."""
    passwords.request_reset(body.email)


@router.post(
    "/auth/password-reset/confirm",
    tags=["auth"],
    status_code=204,
    dependencies=[Depends(limit_one_time_token)],
    responses=error_responses(InvalidToken, WeakPassword),
)
@hashes_passwords()
async def reset_password(
    body: PasswordReset, slot: HashSlotDep, passwords: PasswordServiceDep
) -> None:
    """Set a new password with the token from the mail. All sessions end."""
    await passwords.reset(body.token, new=body.new_password, slot=slot)
