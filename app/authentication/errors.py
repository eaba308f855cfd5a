"""Errors of the token endpoint (RFC 6749 §5.2)."""

from typing import Any, ClassVar

from app.core.errors import AppError


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
