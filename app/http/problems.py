"""The one form in which every error is answered: RFC 9457 problem details."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.core.errors import (
    AppError,
    BadRequest,
    BodyTooLarge,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    Violation,
)

PROBLEM_MEDIA_TYPE = "application/problem+json"
MAX_VIOLATIONS = 100
"""A body of a megabyte may hold a hundred thousand faults; the answer is not to outgrow it."""
REQUEST_ID = "request_id"
"""The name of the request's id in the ASGI scope's state, in log lines and in problems."""

INVALID_JSON = {"pointer": "", "message": "JSON decode error", "code": "json_invalid"}
"""The violation that Pydantic reports for a body that is not JSON."""

# What the framework raises by status alone is answered as one of these.
FRAMEWORK_ERRORS = {
    error.status: error for error in (BadRequest, NotFound, MethodNotAllowed, BodyTooLarge)
}

# The phrases of RFC 9110; those of the standard library change with its version.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


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
    # Python versions differ in the nesting at which their JSON parser gives up with something
    # other than a JSONDecodeError, which FastAPI would answer with 400 instead of 422.
    if isinstance(error.__cause__, RecursionError | ValueError):
        return problem_response(request.scope, InvalidInput, members={"errors": [INVALID_JSON]})
    kind = FRAMEWORK_ERRORS.get(error.status_code, BadRequest)
    headers = error.headers
    if kind is MethodNotAllowed and (methods := _methods_of_path(request)):
        headers = {"Allow": ", ".join(methods)}
    return problem_response(request.scope, kind, status=error.status_code, headers=headers)


def _methods_of_path(request: Request) -> list[str]:
    """Return all methods of the path (RFC 9110 §15.5.6). The framework names those of one route,
    and does not know that GET implies HEAD.
    """
    routes = list(iter_route_contexts(request.app.routes))
    paths = {route.path for route in routes if route.endpoint is request.scope.get("endpoint")}
    methods = {method for route in routes if route.path in paths for method in route.methods or ()}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


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
