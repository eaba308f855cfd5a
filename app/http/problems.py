"""Problem documents (RFC 9457), the JSON bodies of all error responses."""

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
"""Maximum number of faults in a response. A body of 1 MB may have a hundred thousand."""
REQUEST_ID = "request_id"
"""Name of the request's id in the ASGI scope's state, in log lines and in problem documents."""

INVALID_JSON = {"pointer": "", "message": "JSON decode error", "code": "json_invalid"}
"""Violation that Pydantic reports for a body that is not JSON."""

# Errors for the exceptions of the framework, which have only a status.
FRAMEWORK_ERRORS = {
    error.status: error for error in (BadRequest, NotFound, MethodNotAllowed, BodyTooLarge)
}

# Phrases of RFC 9110, because those of the standard library depend on its version.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


class Problem(BaseModel):
    """RFC 9457 problem details: the body of every error response."""

    type: str = Field(description="Always `about:blank`. `status` and `code` identify the problem.")
    title: str = Field(description="Reason phrase of the HTTP status.")
    status: int = Field(description="HTTP status code.", ge=400, le=599)
    detail: str = Field(description="Explanation for people.")
    instance: str = Field(description="Path of the request.")
    code: str = Field(description="Stable code for programs.")
    request_id: str = Field(description="Id of the request in the server's log.")
    errors: list[Violation] | None = Field(
        None,
        max_length=MAX_VIOLATIONS,
        description="Faults of the input, at most the first hundred.",
    )


def problem_response(
    scope: Scope,
    error: AppError | type[AppError],
    *,
    status: int | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the problem document of an error. `status` overrides the error's own."""
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


async def respond_to_app_error(request: Request, error: AppError) -> JSONResponse:
    """Return the response to an error of the application."""
    return problem_response(request.scope, error, members=error.extensions(), headers=error.headers)


async def respond_to_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    """Return the response to an error of the framework, such as an unknown path."""
    # For deeply nested JSON the parser raises other errors than JSONDecodeError, at a depth that
    # depends on the version of Python. FastAPI would respond with 400 instead of 422.
    if isinstance(error.__cause__, RecursionError | ValueError):
        return problem_response(request.scope, InvalidInput, members={"errors": [INVALID_JSON]})
    kind = FRAMEWORK_ERRORS.get(error.status_code, BadRequest)
    headers = error.headers
    if kind is MethodNotAllowed and (methods := _methods_of_path(request)):
        headers = {"Allow": ", ".join(methods)}
    return problem_response(request.scope, kind, status=error.status_code, headers=headers)


def _methods_of_path(request: Request) -> list[str]:
    """Return all methods of the path (RFC 9110 §15.5.6).

    The framework names only the methods of one route, and omits the HEAD that GET implies.
    """
    routes = list(iter_route_contexts(request.app.routes))
    paths = {route.path for route in routes if route.endpoint is request.scope.get("endpoint")}
    methods = {method for route in routes if route.path in paths for method in route.methods or ()}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def respond_to_invalid_input(request: Request, error: RequestValidationError) -> JSONResponse:
    """Return the response to an error of Pydantic, without the rejected values."""
    errors = [_violation(item) for item in error.errors()[:MAX_VIOLATIONS]]
    return problem_response(request.scope, InvalidInput, members={"errors": errors})


def _violation(item: Mapping[str, Any]) -> dict[str, Any]:
    source, *path = item["loc"]
    if source != "body":
        place = {"parameter": str(path[0])} if path else {}
    elif item["type"] == "json_invalid":
        place = {"pointer": ""}  # `loc` is an offset into the text, not a path into the value
    else:
        place = {"pointer": "".join(f"/{_escape(str(part))}" for part in path)}
    return {**place, "message": item["msg"], "code": item["type"]}


def _escape(part: str) -> str:
    """Return one reference token in its escaped form (RFC 6901 §3)."""
    return part.replace("~", "~0").replace("/", "~1")


def install_error_handlers(app: FastAPI) -> None:
    """Add the handlers that convert every kind of error to a problem document."""
    app.exception_handler(AppError)(respond_to_app_error)
    app.exception_handler(HTTPException)(respond_to_http_exception)
    app.exception_handler(RequestValidationError)(respond_to_invalid_input)
