"""Errors, and the one form in which all of them are answered: RFC 9457 problem details."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

PROBLEM_MEDIA_TYPE = "application/problem+json"
MAX_VIOLATIONS = 100
"""A body of a megabyte may hold a hundred thousand faults; the answer is not to outgrow it."""
REQUEST_ID = "request_id"
"""The name of the request's id in the ASGI scope's state, in log lines and in problems."""


class Violation(BaseModel):
    """One thing wrong with the input. Its value is never echoed: it may be a secret."""

    pointer: str | None = Field(
        None, description="RFC 6901 pointer into the body.", examples=["/email"]
    )
    parameter: str | None = Field(None, description="Name of a query, path or header parameter.")
    message: str = Field(description="What is wrong, for people.")
    code: str = Field(description="What is wrong, for programs.", examples=["string_too_short"])


class Problem(BaseModel):
    """RFC 9457 problem details: the body of every error answer."""

    type: str = Field(description="Always `about:blank`: `status` and `code` say it all.")
    title: str = Field(description="The status phrase.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What went wrong, for people.")
    instance: str = Field(description="The path of the request.")
    code: str = Field(description="What went wrong, for programs; stable.")
    request_id: str = Field(description="The server's log tells more under this id.")
    errors: list[Violation] | None = Field(
        None,
        max_length=MAX_VIOLATIONS,
        description="What is wrong with the input: the first hundred faults.",
    )


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


# What the framework raises by status alone is answered as one of these.
FRAMEWORK_ERRORS = {
    error.status: error for error in (BadRequest, NotFound, MethodNotAllowed, BodyTooLarge)
}

# The phrases of RFC 9110; those of the standard library change with its version.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def problem_response(
    scope: Scope,
    error: AppError | type[AppError],
    *,
    status: int | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The problem document for `error`; `status` where the framework's differs from its own."""
    status = status or error.status
    document = {
        "type": "about:blank",
        "title": PHRASES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": error.detail,
        "instance": scope["path"],
        "code": error.code,
        REQUEST_ID: scope["state"][REQUEST_ID],
        **(members or {}),
    }
    return JSONResponse(document, status, headers, PROBLEM_MEDIA_TYPE)


async def answer_app_error(request: Request, error: AppError) -> JSONResponse:
    """Answer what a service refused."""
    return problem_response(request.scope, error, members=error.members(), headers=error.headers)


async def answer_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    """Answer what the framework refused: an unknown path, a wrong method, a body too large."""
    kind = FRAMEWORK_ERRORS.get(error.status_code, BadRequest)
    headers = error.headers
    if kind is MethodNotAllowed and (methods := _methods_of_path(request)):
        headers = {"Allow": ", ".join(methods)}
    return problem_response(request.scope, kind, status=error.status_code, headers=headers)


def _methods_of_path(request: Request) -> list[str]:
    """All that it takes (RFC 9110 §15.5.6); the framework tells the methods of one route only."""
    routes = list(iter_route_contexts(request.app.routes))
    paths = {route.path for route in routes if route.endpoint is request.scope.get("endpoint")}
    return sorted(
        {method for route in routes if route.path in paths for method in route.methods or ()}
    )


async def answer_validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer what Pydantic refused, without the values that it refused."""
    errors = [_violation(item) for item in error.errors()[:MAX_VIOLATIONS]]
    return problem_response(request.scope, InvalidInput, members={"errors": errors})


def _violation(item: Mapping[str, Any]) -> dict[str, Any]:
    source, *path = item["loc"]
    if source != "body":
        place = {"parameter": str(path[0])} if path else {}
    elif item["type"] == "json_invalid":
        place = {"pointer": ""}  # its `loc` is an offset into the text, not a path into the value
    else:
        place = {"pointer": "".join(f"/{_escape(str(part))}" for part in path)}
    return {**place, "message": item["msg"], "code": item["type"]}


def _escape(part: str) -> str:
    """Escape one reference token (RFC 6901 §3)."""
    return part.replace("~", "~0").replace("/", "~1")


def install_error_handlers(app: FastAPI) -> None:
    """Have every kind of error answered as a problem document."""
    app.exception_handler(AppError)(answer_app_error)
    app.exception_handler(HTTPException)(answer_http_exception)
    app.exception_handler(RequestValidationError)(answer_validation_error)
