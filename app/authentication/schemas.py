"""Schemas of grants and tokens."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from app.core.schemas import SINGLE_LINE, Output
from app.core.tokens import ACCESS_TOKEN_LIFETIME
from app.one_time_tokens.schemas import Token
from app.users.models import EMAIL_MAX_LENGTH
from app.users.schemas import ExistingPassword, login_name


class PasswordGrant(BaseModel):
    """Log-in with a password (RFC 6749 §4.3.2). Other parameters are ignored, as §3.2 requires."""

    grant_type: Literal["password"]
    username: Annotated[
        str,
        StringConstraints(max_length=EMAIL_MAX_LENGTH, pattern=SINGLE_LINE),
        AfterValidator(login_name),
    ] = Field(description="E-mail address.", examples=["ada@example.com"])
    password: ExistingPassword


class RefreshGrant(BaseModel):
    """Refresh of a session with a refresh token (RFC 6749 §6)."""

    grant_type: Literal["refresh_token"]
    refresh_token: Token


TokenGrant = Annotated[PasswordGrant | RefreshGrant, Field(discriminator="grant_type")]


class Revocation(BaseModel):
    """Access token or refresh token whose session ends (RFC 7009 §2.1)."""

    token: Token


class TokenPair(Output):
    """Access token and refresh token (RFC 6749 §5.1)."""

    access_token: str = Field(description="Token for the header `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- a type of token
    expires_in: int = Field(
        ge=1,
        le=int(ACCESS_TOKEN_LIFETIME.total_seconds()),
        description="Lifetime of the access token, in seconds.",
    )
    refresh_token: str = Field(description="Valid for one refresh. A second use ends the session.")
