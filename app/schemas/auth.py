"""Log-in, sessions and mailed tokens on the wire, and what is refused about them."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from app.core.errors import AppError, InvalidInput
from app.core.tokens import ACCESS_TOKEN_LIFETIME, MAX_TOKEN_LENGTH
from app.models.users import EMAIL_MAX_LENGTH
from app.schemas.base import NO_CONTROL_CHARACTERS, Email, Input, Output, login_name
from app.schemas.users import ExistingPassword, NewPassword

Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_TOKEN_LENGTH, pattern=NO_CONTROL_CHARACTERS),
    Field(examples=["the token as you received it"]),
]
"""Any kind of token, as a client presents it."""


class PasswordGrant(BaseModel):
    """Log in with a password (RFC 6749 §4.3.2). Other parameters are ignored, as §3.2 asks."""

    grant_type: Literal["password"]
    username: Annotated[
        str,
        StringConstraints(max_length=EMAIL_MAX_LENGTH, pattern=NO_CONTROL_CHARACTERS),
        AfterValidator(login_name),
    ] = Field(description="The e-mail address.", examples=["ada@example.com"])
    password: ExistingPassword


class RefreshGrant(BaseModel):
    """Go on with a refresh token (RFC 6749 §6)."""

    grant_type: Literal["refresh_token"]
    refresh_token: Token


TokenGrant = Annotated[PasswordGrant | RefreshGrant, Field(discriminator="grant_type")]


class Revocation(BaseModel):
    """RFC 7009 §2.1: an access token or a refresh token; its session ends."""

    token: Token


class TokenPair(Output):
    """RFC 6749 §5.1."""

    access_token: str = Field(description="For the header `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- a type of token
    expires_in: int = Field(
        ge=1,
        le=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        description="Seconds for which the access token lives.",
    )
    refresh_token: str = Field(description="Good for one more pair; a used one ends the session.")


class SessionPublic(Output):
    """A log-in, as its user sees it."""

    id: UUID
    user_agent: str | None = Field(description="What the device said of itself.")
    created_at: datetime
    last_used_at: datetime = Field(description="The last log-in or refresh.")
    expires_at: datetime = Field(description="When it ends if it is not used.")
    current: bool = Field(description="Whether this request belongs to it.")


class EmailVerification(Input):
    """The token from the mail that follows a registration."""

    token: Token


class PasswordResetRequest(Input):
    """Whose password has been forgotten."""

    email: Email


class PasswordReset(Input):
    """A new password, proved by the token from the mail."""

    token: Token
    new_password: NewPassword


class OAuthError(AppError):
    """400 of the token endpoint: a problem document that is an RFC 6749 §5.2 error too."""

    status = 400

    def members(self) -> dict[str, Any]:
        """The members of RFC 6749 §5.2."""
        return {"error": self.code, "error_description": self.detail}


class InvalidGrant(OAuthError):
    """Wrong, unknown, dead or deactivated: the answer does not tell which."""

    code = "invalid_grant"
    detail = "The credentials or the refresh token are not valid."


class ReusedRefreshToken(InvalidGrant):
    """A used refresh token came again: two parties hold it, so its session has been ended."""

    keeps_writes: ClassVar[bool] = True


class InvalidRequest(OAuthError):
    """A parameter is missing, repeated or malformed."""

    code = "invalid_request"
    detail = "A parameter is missing, repeated or malformed."


class UnsupportedGrantType(OAuthError):
    """Another grant than `password` and `refresh_token`."""

    code = "unsupported_grant_type"
    detail = "The grant type has to be `password` or `refresh_token`."


class InvalidToken(InvalidInput):
    """A mailed token that is used, superseded, expired or unknown: one answer for all."""

    code = "invalid_token"
    detail = "The token is not valid, or not any more."

    def __init__(self) -> None:
        super().__init__(self.detail, pointer="/token")
