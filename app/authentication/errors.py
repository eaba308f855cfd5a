"""Errors about tokens and log-ins (RFC 6749 §5.2)."""

from typing import Any, ClassVar

from app.core.errors import AppError


class OAuthError(AppError):
    """Error 400 of the token endpoint: a problem document that is also an RFC 6749 §5.2 error."""

    status = 400

    def extensions(self) -> dict[str, Any]:
        """Return the members that RFC 6749 §5.2 defines."""
        return {"error": self.code, "error_description": self.detail}


class InvalidGrant(OAuthError):
    """Error 400: wrong, unknown or expired credentials, or a deactivated user.

    The response does not reveal which.
    """

    code = "invalid_grant"
    detail = "The credentials or the refresh token are not valid. Log in again."


class ReusedRefreshToken(InvalidGrant):
    """Error 400: a refresh token was used again. Two parties have it, so its session is ended."""

    keeps_writes: ClassVar[bool] = True


class InvalidRequest(OAuthError):
    """Error 400: a parameter is missing, repeated or malformed."""

    code = "invalid_request"
    detail = "A parameter is missing, repeated or malformed."


class UnsupportedGrantType(OAuthError):
    """Error 400: the grant type is not `password` or `refresh_token`."""

    code = "unsupported_grant_type"
    detail = "The grant type must be `password` or `refresh_token`."
