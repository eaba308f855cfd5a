"""The rules about the API, read from its OpenAPI document."""

import re
from collections.abc import Iterator
from typing import Any

from tests.architecture.rules import Document, DocumentRule, Edit

VERBS = {
    "get": {"check", "list", "read"},
    "post": {"add", "change", "create", "delete", "issue", "register", "request", "resend", "reset"}
    | {"revoke", "verify"},
    "put": {"set"},
    "patch": {"update"},
    "delete": {"delete", "end", "remove"},
}
"""With what the name of a handler begins."""
BOUNDED_FORMATS = {"date", "email", "uuid"}
COMPLEX_FIELDS = 3

Operation = tuple[str, str, dict[str, Any]]
Problem = tuple[str, str]


def operations(document: Document) -> Iterator[Operation]:
    """The id, the method and the rest of each operation."""
    for methods in document["paths"].values():
        for method, operation in methods.items():
            yield operation["operationId"], method, operation


def resolve(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, where a reference stands."""
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return found
    return schema


def body_of(document: Document, operation: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the JSON body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return resolve(document, content["schema"]) if content else None


def success_of(document: Document, operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of the answer when all is well."""
    for status, response in operation["responses"].items():
        if status.startswith("2") and "content" in response:
            return resolve(document, response["content"]["application/json"]["schema"])
    return {}


def find_names(document: Document) -> Iterator[Problem]:
    for id_, method, operation in operations(document):
        tag, _, name = id_.partition("-")
        if tag not in operation.get("tags", []):
            yield id_, "an operation is named by its tag and its function"
        verb = name.partition("_")[0]
        if verb not in VERBS[method]:
            yield id_, f"{method.upper()} begins with one of {', '.join(sorted(VERBS[method]))}"


def find_unpaged_lists(document: Document) -> Iterator[Problem]:
    for id_, _, operation in operations(document):
        answer = success_of(document, operation)
        if answer.get("type") == "array":
            yield id_, "answers a bare list: nothing bounds it"
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        if "items" in answer.get("properties", {}) and not {"limit", "cursor"} <= parameters:
            yield id_, "lists without `limit` and `cursor`"


def find_unbounded_input(document: Document) -> Iterator[Problem]:
    for id_, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            for problem in _unbounded(document, parameter["schema"]):
                yield f"{id_} {parameter['name']}", problem
        body = body_of(document, operation)
        for name, schema in (body or {}).get("properties", {}).items():
            for problem in _unbounded(document, schema):
                yield f"{id_} /{name}", problem


def find_open_bodies(document: Document) -> Iterator[Problem]:
    for id_, _, operation in operations(document):
        body = body_of(document, operation)
        if body is not None and body.get("additionalProperties") is not False:
            yield id_, "takes fields that it does not know"


def find_bodies_without_example(document: Document) -> Iterator[Problem]:
    for id_, _, operation in operations(document):
        body = body_of(document, operation) or {}
        fields = body.get("properties", {})
        if len(fields) >= COMPLEX_FIELDS and not body.get("examples"):
            yield id_, f"takes {len(fields)} fields and shows no example"


def find_untold_errors(document: Document) -> Iterator[Problem]:
    for id_, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status[0] in "45" and "application/problem+json" not in response.get("content", {}):
                yield id_, f"{status} is no problem document"
            elif status[0] in "45" and not re.match("`[a-z_]+`: ", response["description"]):
                yield id_, f"{status} does not tell its code"


def find_wrong_statuses(document: Document) -> Iterator[Problem]:
    for id_, method, operation in operations(document):
        successes = {status for status in operation["responses"] if status.startswith("2")}
        verb = id_.partition("-")[2].partition("_")[0]
        if method == "delete" and successes != {"204"}:
            yield id_, f"DELETE answers 204, not {', '.join(successes)}"
        if verb in {"add", "create", "register"} and successes != {"201"}:
            yield id_, f"what makes something answers 201, not {', '.join(successes)}"


def find_leaked_fields(document: Document) -> Iterator[Problem]:
    secret = re.compile("password|secret|hash|digest")
    for id_, _, operation in operations(document):
        for name in success_of(document, operation).get("properties", {}):
            if secret.search(name):
                yield id_, f"answers `{name}`"


def _unbounded(document: Document, schema: dict[str, Any]) -> Iterator[str]:
    schema = resolve(document, schema)
    for alternative in schema.get("anyOf", []):
        yield from _unbounded(document, alternative)
    match schema.get("type"):
        case "string":
            bounded = {"maxLength", "enum", "const"} & schema.keys()
            if not bounded and schema.get("format") not in BOUNDED_FORMATS:
                yield "is a string of any length"
        case "integer" | "number":
            if not {"minimum", "maximum"} <= schema.keys():
                yield "is a number without bounds"
        case "array":
            if "maxItems" not in schema:
                yield "is a list of any length"
            yield from _unbounded(document, schema["items"])


def document_of(operation: dict[str, Any], *, method: str = "get") -> Document:
    """A document with one operation."""
    whole = {"operationId": "xs-read_x", "tags": ["xs"], "responses": {}, **operation}
    return {"paths": {"/x": {method: whole}}}


def answering(schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
    """The responses of an operation that answers this."""
    return {status: {"content": {"application/json": {"schema": schema}}}}


def taking(schema: dict[str, Any]) -> dict[str, Any]:
    """An operation that takes this body."""
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


PAGE: dict[str, Any] = {"properties": {"items": {}}}
PAGE_PARAMETERS = [
    {"name": name, "schema": {"type": "string", "maxLength": 9}} for name in ("limit", "cursor")
]
THREE_FIELDS: dict[str, Any] = {"properties": {name: {"type": "boolean"} for name in "abc"}}
TOLD = {"description": "`conflict`: It is.", "content": {"application/problem+json": {}}}

RULES = [
    DocumentRule(
        name="names",
        article=13,
        see="app/routers/users.py `register_user`",
        find=find_names,
        edit=Edit("app/routers/users.py", "async def register_user", "async def make_user"),
        bad=document_of({"operationId": "xs-fetch_x"}),
        good=document_of({"operationId": "xs-read_x"}),
    ),
    DocumentRule(
        name="paged lists",
        article=19,
        see="app/routers/users.py `list_users`",
        find=find_unpaged_lists,
        edit=Edit(
            "app/routers/users.py",
            "response_model=Page[UserPublic]",
            "response_model=list[UserPublic]",
        ),
        bad=document_of({"responses": answering(PAGE)}),
        good=document_of({"responses": answering(PAGE), "parameters": PAGE_PARAMETERS}),
    ),
    DocumentRule(
        name="bounded input",
        article=20,
        see="app/schemas/users.py `FullName`",
        find=find_unbounded_input,
        edit=Edit("app/schemas/users.py", "max_length=FULL_NAME_MAX_LENGTH, ", ""),
        bad=document_of(taking({"properties": {"name": {"type": "string"}}})),
        good=document_of(taking({"properties": {"name": {"type": "string", "maxLength": 9}}})),
    ),
    DocumentRule(
        name="closed bodies",
        article=21,
        see="app/schemas/base.py `Input`",
        find=find_open_bodies,
        edit=Edit("app/schemas/users.py", "class UserCreate(Input)", "class UserCreate(Output)"),
        bad=document_of(taking({"properties": {}})),
        good=document_of(taking({"properties": {}, "additionalProperties": False})),
    ),
    DocumentRule(
        name="examples",
        article=23,
        see="app/schemas/users.py `UserCreate`",
        find=find_bodies_without_example,
        edit=Edit("app/schemas/users.py", '"examples": [{"email"', '"x-examples": [{"email"'),
        bad=document_of(taking(THREE_FIELDS)),
        good=document_of(taking({**THREE_FIELDS, "examples": [{"a": True}]})),
    ),
    DocumentRule(
        name="told errors",
        article=16,
        see="app/core/openapi.py `refusals`",
        find=find_untold_errors,
        edit=Edit(
            "app/routers/users.py",
            "responses=refusals(PermissionDenied, UserNotFound),",
            'responses={404: {"description": "Not found"}},',
        ),
        bad=document_of({"responses": {"409": {"description": "Conflict"}}}),
        good=document_of({"responses": {"409": TOLD}}),
    ),
    DocumentRule(
        name="statuses",
        article=14,
        see="app/routers/users.py `delete_user`",
        find=find_wrong_statuses,
        edit=Edit(
            "app/routers/users.py",
            '    "/{user_id}",\n    status_code=204,\n',
            '    "/{user_id}",\n',
        ),
        bad=document_of({"responses": answering({})}, method="delete"),
        good=document_of({"responses": {"204": {}}}, method="delete"),
    ),
    DocumentRule(
        name="no leaked fields",
        article=24,
        see="app/schemas/users.py `UserPublic`",
        find=find_leaked_fields,
        edit=Edit(
            "app/schemas/users.py",
            "    email_verified_at: datetime | None\n",
            "    email_verified_at: datetime | None\n    password_hash: str\n",
        ),
        bad=document_of({"responses": answering({"properties": {"password_hash": {}}})}),
        good=document_of({"responses": answering({"properties": {"email": {}}})}),
    ),
]
