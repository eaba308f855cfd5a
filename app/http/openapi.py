"""Parts of the OpenAPI document that FastAPI does not generate.

Each operation declares its error responses with their codes, and the headers of each response.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from app.core.errors import (
    AppError,
    BodyTooLarge,
    InternalError,
    InvalidInput,
    PreconditionFailed,
    Unauthenticated,
)
from app.http.forms import FORM_MEDIA_TYPE
from app.http.problems import PROBLEM_MEDIA_TYPE, Problem

HEADERS = {
    "ETag": "Entity tag of this representation (RFC 9110 §8.8.3).",
    "Location": "Path of the created resource.",
    "RateLimit": "Remaining part of each budget that the request used.",
    "RateLimit-Policy": "Size and window of each budget (draft-ietf-httpapi-ratelimit-headers).",
    "Retry-After": "Time to wait, in seconds.",
    "WWW-Authenticate": "Scheme to authenticate with.",
}
ALWAYS_CARRIED = {
    "201": "Location",
    "401": "WWW-Authenticate",
    "429": "Retry-After",
    "503": "Retry-After",
}
"""Header that each response contains, by the status of the response."""
CONDITIONAL = {"If-Match", "If-None-Match", "Idempotency-Key"}
"""Request headers of operations whose response contains an entity tag."""
SHOWN_KEYWORDS = {"description", "examples", "title", "type"}
"""Keywords of a schema that describe a field and do not restrict its value."""

Responses = dict[int | str, dict[str, Any]]


def error_responses(*errors: type[AppError]) -> Responses:
    """Return the `responses` of a route that can raise these errors."""
    responses: Responses = {}
    for error in errors:
        _add(responses, error.status, error)
    return responses


def form_body(*schemas: type[BaseModel], discriminator: str = "") -> dict[str, Any]:
    """Return the `openapi_extra` of a route that parses its form itself.

    The form has one of these schemas. The discriminator is a field whose value selects the schema.
    """
    forms = [schema.model_json_schema() for schema in schemas]
    schema = _flat(forms, discriminator) if discriminator else forms[0]
    # A parameter must not be repeated, even if it is unknown (RFC 6749 §3.2).
    schema["additionalProperties"] = {"type": "string"}
    return {"requestBody": {"required": True, "content": {FORM_MEDIA_TYPE: {"schema": schema}}}}


def _flat(forms: list[dict[str, Any]], discriminator: str) -> dict[str, Any]:
    """Return one schema for alternatives, because Swagger UI shows no fields for `oneOf`.

    A field is constrained only if its form is selected, because the other forms ignore it.
    """
    properties = {
        name: {key: value for key, value in field.items() if key in SHOWN_KEYWORDS}
        for form in forms
        for name, field in form["properties"].items()
    }
    chosen = {form["properties"][discriminator]["const"]: form for form in forms}
    needs = []
    for value, form in chosen.items():
        names = [f"`{name}`" for name in form["required"] if name != discriminator]
        needs.append(f"`{value}` requires {' and '.join(names)}.")
    choice = {"type": "string", "enum": [*chosen], "description": " ".join(needs)}
    return {
        "type": "object",
        "properties": {**properties, discriminator: choice},
        "required": [discriminator],
        "allOf": [
            {
                "if": {"properties": {discriminator: {"const": value}}},
                "then": {"properties": form["properties"], "required": form["required"]},
            }
            for value, form in chosen.items()
        ],
    }


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Add the errors that follow from an operation's body, parameters and security.

    Routes declare the errors of their feature with `error_responses`.
    """
    schemas = document["components"]["schemas"]
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs"), "Problem": problem}
    for framework_schema in ("HTTPValidationError", "ValidationError"):
        schemas.pop(framework_schema, None)
    _prefix_token_urls(document)
    headers = document["components"].setdefault("headers", {})
    for path_item in document["paths"].values():
        for operation in path_item.values():
            responses = operation["responses"]
            if "application/json" in responses.get("422", {}).get("content", {}):
                del responses["422"]  # FastAPI's own form, which this service never sends
            for error in _implied(operation):
                _add(responses, str(error.status), error)
            if "If-None-Match" in _parameters(operation):
                responses["304"] = {"description": "The client has the current representation."}
            headers |= _add_headers(operation)
            operation["responses"] = dict(sorted(responses.items()))
    return document


def _prefix_token_urls(document: dict[str, Any]) -> None:
    """Add ROOT_PATH to token URLs, because clients do not resolve them by `servers`."""
    for server in document.get("servers", []):
        for scheme in document["components"]["securitySchemes"].values():
            for flow in scheme["flows"].values():
                flow["tokenUrl"] = f"{server['url']}{flow['tokenUrl']}"
                flow["refreshUrl"] = f"{server['url']}{flow['refreshUrl']}"


def _add_headers(operation: dict[str, Any]) -> dict[str, Any]:
    """Add a reference to each header of the responses, and return the headers."""
    added: dict[str, Any] = {}
    for status, response in operation["responses"].items():
        for name in _headers(operation, status):
            reference = {"$ref": f"#/components/headers/{name}"}
            response.setdefault("headers", {})[name] = reference
            added[name] = {"description": HEADERS[name], "schema": {"type": "string"}}
    return added


def _headers(operation: dict[str, Any], status: str) -> Iterator[str]:
    if status in ALWAYS_CARRIED:
        yield ALWAYS_CARRIED[status]
    if status in {"200", "201", "304"} and CONDITIONAL & _parameters(operation):
        yield "ETag"
    if "429" in operation["responses"]:
        yield from ("RateLimit", "RateLimit-Policy")


def _parameters(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation.get("parameters", [])}


def _implied(operation: dict[str, Any]) -> Iterator[type[AppError]]:
    yield InternalError
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        yield BodyTooLarge
    if "application/json" in body or "parameters" in operation:
        yield InvalidInput
    if "security" in operation:
        yield Unauthenticated
    if "If-Match" in _parameters(operation):
        yield PreconditionFailed


def _add(responses: dict[Any, dict[str, Any]], status: int | str, error: type[AppError]) -> None:
    known = responses.get(status, {}).get("description")
    line = f"`{error.code}`: {error.detail}"
    codes = _codes(responses[status]) if known else []
    # Two errors may share a code, such as `not_found`.
    codes = list(dict.fromkeys([*codes, error.code]))
    responses[status] = _response(f"{known}\n\n{line}" if known else line, codes)


def _codes(response: dict[str, Any]) -> list[str]:
    schema: dict[str, Any] = response["content"][PROBLEM_MEDIA_TYPE]["schema"]["allOf"][1]
    codes: list[str] = schema["properties"]["code"]["enum"]
    return codes


def _response(description: str, codes: list[str]) -> dict[str, Any]:
    problem = {"$ref": "#/components/schemas/Problem"}
    code = {"properties": {"code": {"enum": codes}}}
    schema = {"allOf": [problem, code]}
    return {"description": description, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}
