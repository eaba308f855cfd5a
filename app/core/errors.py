"""Errors: the tree of refusals. `app/core/problems.py` answers them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field


class Violation(BaseModel):
    """One thing wrong with the input. Its value is never echoed: it may be a secret."""

    pointer: str | None = Field(
        None, description="RFC 6901 pointer into the body.", examples=["/email"]
    )
    parameter: str | None = Field(None, description="Name of a query, path or header parameter.")
    message: str = Field(description="What is wrong, for people.")
    code: str = Field(description="What is wrong, for programs.", examples=["string_too_short"])


class AppError(Exception):
    """A refusal. The caller reads `detail`, so it leaks nothing."""

    status: ClassVar[int]
    code: ClassVar[str]
    detail: ClassVar[str]
    keeps_writes: ClassVar[bool] = False
    """True where a refusal must be remembered: what was written before it is committed."""

    def __init__(self, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.detail)
        self.headers = headers

    def members(self) -> dict[str, Any]:
        """Members of the problem document beside those that all of them have."""
        return {}


class InvalidInput(AppError):
    """422: understood, but not acceptable. Says where by `pointer` or `parameter`."""

    status = 422
    code = "invalid_input"
    detail = "The input is not valid; `errors` says where."

    def __init__(
        self, message: str, *, pointer: str | None = None, parameter: str | None = None
    ) -> None:
        super().__init__()
        self._violation = Violation(
            pointer=pointer, parameter=parameter, message=message, code=self.code
        )

    def members(self) -> dict[str, Any]:
        """Where it is not valid."""
        return {"errors": [self._violation.model_dump(exclude_none=True)]}


class Unauthenticated(AppError):
    """401: no valid access token (RFC 6750 §3)."""

    status = 401
    code = "unauthenticated"
    detail = "A valid access token is needed."

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class PermissionDenied(AppError):
    """403: the caller sees it, but may not do that."""

    status = 403
    code = "permission_denied"
    detail = "You may not do this."


class NotFound(AppError):
    """404: not there, or not for the caller's eyes; the answer does not tell which."""

    status = 404
    code = "not_found"
    detail = "There is nothing here."


class Conflict(AppError):
    """409: at odds with what is stored."""

    status = 409
    code = "conflict"
    detail = "This is at odds with what is stored."


class EditConflict(Conflict):
    """Of two who changed the same thing at once, this one came second."""

    code = "edit_conflict"
    detail = "Someone else has changed or deleted this meanwhile; read it again."


class PreconditionFailed(AppError):
    """412: changed since the caller read it (RFC 9110 §13.1.1)."""

    status = 412
    code = "precondition_failed"
    detail = "This has changed since you read it: no entity tag of `If-Match` is its own."


class RateLimited(AppError):
    """429: too many requests; `Retry-After` says in how many seconds to come again."""

    status = 429
    code = "rate_limited"
    detail = "Too many requests; try again later."

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after_seconds)})


class ServiceUnavailable(AppError):
    """503: overloaded, or something that the service needs is away."""

    status = 503
    code = "service_unavailable"
    detail = "The service is busy, or a part of it is away; try again soon."

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})


class BadRequest(AppError):
    """400: not understood."""

    status = 400
    code = "bad_request"
    detail = "The request could not be understood."


class MethodNotAllowed(AppError):
    """405: the path is there, but does not take this method."""

    status = 405
    code = "method_not_allowed"
    detail = "This path does not take this method."


class BodyTooLarge(AppError):
    """413: more than `MAX_BODY_BYTES`."""

    status = 413
    code = "body_too_large"
    detail = "The body is larger than this service accepts."


class InternalError(AppError):
    """500: a fault of ours. The answer tells nothing of its cause."""

    status = 500
    code = "internal_error"
    detail = "Something went wrong here; the log has it under this request id."
