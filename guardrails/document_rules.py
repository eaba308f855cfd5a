"""Rules about the API, checked on its OpenAPI document."""

import re
from collections.abc import Iterator
from typing import Any

from tests.architecture.edits import Edit, prepend, replace, set_field, set_keyword
from tests.architecture.rules import Document, DocumentRule, NamedFinding

VERBS = {
    "get": {"check", "list", "read"},
    "post": {"add", "change", "create", "delete", "issue", "register", "request", "resend", "reset"}
    | {"revoke", "verify"},
    "put": {"set"},
    "patch": {"update"},
    "delete": {"delete", "end", "remove"},
}
"""First words of the names of handlers, by method."""
BOUNDED_FORMATS = {"date", "email", "uuid"}
COMPLEX_FIELDS = 3

Operation = tuple[str, str, dict[str, Any]]


def operations(document: Document) -> Iterator[Operation]:
    for methods in document["paths"].values():
        for method, operation in methods.items():
            yield operation["operationId"], method, operation


def resolve(document: Document, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that a reference refers to, or the schema itself."""
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].split("/")[-1]]
        return found
    return schema


def body_of(document: Document, operation: dict[str, Any]) -> dict[str, Any] | None:
    """Return the schema of the JSON body, if the operation takes one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return resolve(document, content["schema"]) if content else None


def success_of(document: Document, operation: dict[str, Any]) -> dict[str, Any]:
    for status, response in operation["responses"].items():
        if status.startswith("2") and "content" in response:
            return resolve(document, response["content"]["application/json"]["schema"])
    return {}


def find_names(document: Document) -> Iterator[NamedFinding]:
    for id_, method, operation in operations(document):
        tag, _, name = id_.partition("-")
        if tag not in operation.get("tags", []):
            yield id_, "name the operation by its tag and its function"
        verb = name.partition("_")[0]
        if verb not in VERBS[method]:
            verbs = ", ".join(sorted(VERBS[method]))
            yield id_, f"begin the name of a {method.upper()} with one of: {verbs}"


def find_unpaged_lists(document: Document) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        response = success_of(document, operation)
        if response.get("type") == "array":
            yield id_, "returns a list without a bound: return a `Page`"
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        if "items" in response.get("properties", {}) and not {"limit", "cursor"} <= parameters:
            yield id_, "returns a page, but does not take `limit` and `cursor`"


def find_unbounded_input(document: Document) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            for problem in _unbounded(document, parameter["schema"]):
                yield f"{id_} {parameter['name']}", problem
        body = body_of(document, operation)
        for name, schema in (body or {}).get("properties", {}).items():
            for problem in _unbounded(document, schema):
                yield f"{id_} /{name}", problem


def find_open_bodies(document: Document) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        body = body_of(document, operation)
        if body is not None and body.get("additionalProperties") is not False:
            yield id_, "accepts unknown fields in its body"


def find_bodies_without_example(document: Document) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        body = body_of(document, operation) or {}
        fields = body.get("properties", {})
        if len(fields) >= COMPLEX_FIELDS and not body.get("examples"):
            yield id_, f"takes {len(fields)} fields, but its body has no example"


def find_undocumented_errors(document: Document) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status[0] in "45" and "application/problem+json" not in response.get("content", {}):
                yield id_, f"{status} is not documented as a problem document"
            elif status[0] in "45" and not re.match("`[a-z_]+`: ", response["description"]):
                yield id_, f"the description of {status} does not begin with an error code"


def find_wrong_statuses(document: Document) -> Iterator[NamedFinding]:
    for id_, method, operation in operations(document):
        successes = {status for status in operation["responses"] if status.startswith("2")}
        verb = id_.partition("-")[2].partition("_")[0]
        if method == "delete" and successes != {"204"}:
            yield id_, f"a DELETE must return 204, not {', '.join(successes)}"
        if verb in {"add", "create", "register"} and successes != {"201"}:
            yield id_, f"a creation must return 201, not {', '.join(successes)}"


def find_leaked_fields(document: Document) -> Iterator[NamedFinding]:
    secret = re.compile("password|secret|hash|digest")
    for id_, _, operation in operations(document):
        for name in success_of(document, operation).get("properties", {}):
            if secret.search(name):
                yield id_, f"returns the field `{name}`"


def _unbounded(document: Document, schema: dict[str, Any]) -> Iterator[str]:
    schema = resolve(document, schema)
    for alternative in schema.get("anyOf", []):
        yield from _unbounded(document, alternative)
    match schema.get("type"):
        case "string":
            bounded = {"maxLength", "enum", "const"} & schema.keys()
            if not bounded and schema.get("format") not in BOUNDED_FORMATS:
                yield "is a string without a maximum length"
        case "integer" | "number":
            if not {"minimum", "maximum"} <= schema.keys():
                yield "is a number without a minimum and a maximum"
        case "array":
            if "maxItems" not in schema:
                yield "is a list without a maximum length"
            yield from _unbounded(document, schema["items"])


RULES = [
    DocumentRule(
        name="names",
        article=13,
        see="register_user",
        find=find_names,
        edit=Edit("read_user", set_field("name", "fetch_user")),
    ),
    DocumentRule(
        name="paged lists",
        article=19,
        see="list_users",
        find=find_unpaged_lists,
        edit=Edit("list_users", replace("Page[UserPublic]", "list[UserPublic]")),
    ),
    DocumentRule(
        name="bounded input",
        article=20,
        see="FullName",
        find=find_unbounded_input,
        edit=Edit("FullName", set_keyword("max_length", None)),
    ),
    DocumentRule(
        name="closed bodies",
        article=21,
        see="Input",
        find=find_open_bodies,
        edit=Edit("Input", set_keyword("extra", None)),
    ),
    DocumentRule(
        name="examples",
        article=23,
        see="UserCreate",
        find=find_bodies_without_example,
        edit=Edit("UserCreate", replace('"examples"', '"x-examples"')),
    ),
    DocumentRule(
        name="documented errors",
        article=16,
        see="error_responses",
        find=find_undocumented_errors,
        edit=Edit("delete_user", set_keyword("responses", "{404: {'description': 'Not found'}}")),
    ),
    DocumentRule(
        name="statuses",
        article=14,
        see="delete_user",
        find=find_wrong_statuses,
        edit=Edit("delete_user", set_keyword("status_code", None)),
    ),
    DocumentRule(
        name="no leaked fields",
        article=24,
        see="UserPublic",
        find=find_leaked_fields,
        edit=Edit("UserPublic", prepend("password_hash: str")),
    ),
]
