"""Errors of the application.

`app/http/problems.py` converts each error to a problem document: the JSON object that RFC 9457
defines as the body of an error response.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field


class Violation(BaseModel):
    """One fault in the input. The faulty value is never included, because it may be a secret."""

    pointer: str | None = Field(
        None, description="JSON Pointer (RFC 6901) to the fault in the body.", examples=["/email"]
    )
    parameter: str | None = Field(None, description="Name of a query, path or header parameter.")
    message: str = Field(description="Message for people.")
    code: str = Field(description="Code for programs.", examples=["string_too_short"])


class AppError(Exception):
    """Error that becomes a response. Clients see `detail`, so never reveal internals in it."""

    status: ClassVar[int]
    code: ClassVar[str]
    detail: ClassVar[str]
    keeps_writes: ClassVar[bool] = False
    """True if the transaction is committed in spite of the error. Example: a second use of a
    refresh token is an error, and ends the session.
    """

    def __init__(self, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.detail)
        self.headers = headers

    def extensions(self) -> dict[str, Any]:
        """Return the fields that this error adds to its problem document."""
        return {}


class InvalidInput(AppError):
    """Error 422: the input is not valid. `pointer` or `parameter` names the faulty part."""

    status = 422
    code = "invalid_input"
    detail = "The input is not valid. See `errors` for the faults."

    def __init__(
        self, message: str, *, pointer: str | None = None, parameter: str | None = None
    ) -> None:
        super().__init__()
        self._violation = Violation(
            pointer=pointer, parameter=parameter, message=message, code=self.code
        )

    def extensions(self) -> dict[str, Any]:
        """Return the fault as the only item of the field `errors`."""
        return {"errors": [self._violation.model_dump(exclude_none=True)]}


class Unauthenticated(AppError):
    """Error 401: the request has no valid access token (RFC 6750 §3)."""

    status = 401
    code = "unauthenticated"
    detail = "A valid access token is required."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class PermissionDenied(AppError):
    """Error 403: the user can see the resource but lacks the permission."""

    status = 403
    code = "permission_denied"
    detail = "You do not have permission for this operation."


class NotFound(AppError):
    """Error 404: the resource does not exist, or the user has no access to it."""

    status = 404
    code = "not_found"
    detail = "Not found."


class Conflict(AppError):
    """Error 409: the request conflicts with stored data."""

    status = 409
    code = "conflict"
    detail = "The request conflicts with stored data."


class EditConflict(Conflict):
    """Error 409: another request changed or deleted the resource at the same time."""

    code = "edit_conflict"
    detail = "Another request changed or deleted this resource. Read it again."


class PreconditionFailed(AppError):
    """Error 412: the resource changed after the client read it (RFC 9110 §13.1.1)."""

    status = 412
    code = "precondition_failed"
    detail = "`If-Match` does not match the current resource. Read the resource again."


class RateLimited(AppError):
    """Error 429: too many requests. `Retry-After` is the time to wait, in seconds."""

    status = 429
    code = "rate_limited"
    detail = "Too many requests. Try again later."

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class ServiceUnavailable(AppError):
    """Error 503: the service is overloaded, or a system that it needs is unavailable."""

    status = 503
    code = "service_unavailable"
    detail = "The service is overloaded or partly unavailable. Try again soon."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class BadRequest(AppError):
    """Error 400: the request is malformed."""

    status = 400
    code = "bad_request"
    detail = "The request could not be understood."


class MethodNotAllowed(AppError):
    """Error 405: the path exists, but not with this method."""

    status = 405
    code = "method_not_allowed"
    detail = "This path does not support this method."


class BodyTooLarge(AppError):
    """Error 413: the request body is larger than `MAX_BODY_BYTES`."""

    status = 413
    code = "body_too_large"
    detail = "The request body is too large."


class InternalError(AppError):
    """Error 500: an unexpected error. The response does not reveal its cause."""

    status = 500
    code = "internal_error"
    detail = "An unexpected error occurred. Operators can find `request_id` in the log."
