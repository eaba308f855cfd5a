"""Rules about the API, checked on its OpenAPI document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from guardrails.project import Project
from guardrails.rules import ApplicationRule, NamedFinding

METHODS = ("get", "post", "put", "patch", "delete")
BOUNDED_FORMATS = {"date", "email", "uuid"}
COMPLEX_FIELDS = 3

Document = dict[str, Any]
"""An OpenAPI document."""
Operation = tuple[str, str, dict[str, Any]]


def operations(document: Document) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield operation.get("operationId", path), method, operation


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
        content = response.get("content", {}).get("application/json", {})
        if status.startswith("2") and content:
            return resolve(document, content.get("schema", {}))
    return {}


def find_names(document: Document, project: Project) -> Iterator[NamedFinding]:
    for id_, method, operation in operations(document):
        tag, _, name = id_.partition("-")
        if tag not in operation.get("tags", []):
            yield id_, "name the operation by its tag and its function"
        known = project.operation_verbs.get(method, ())
        if name.partition("_")[0] not in known:
            verbs = ", ".join(known)
            yield id_, f"begin the name of a {method.upper()} with one of: {verbs}"


def find_unpaged_lists(document: Document, project: Project) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        response = success_of(document, operation)
        if response.get("type") == "array":
            yield id_, "returns a list without a bound: return a page"
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        missing = [f"`{name}`" for name in project.page_parameters if name not in parameters]
        if "items" in response.get("properties", {}) and missing:
            yield id_, f"returns a page, but does not take {' and '.join(missing)}"


def find_unbounded_input(document: Document, _project: Project) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        for parameter in operation.get("parameters", []):
            for problem in _unbounded(document, parameter.get("schema", {})):
                yield f"{id_} {parameter['name']}", problem
        body = body_of(document, operation)
        for name, schema in (body or {}).get("properties", {}).items():
            for problem in _unbounded(document, schema):
                yield f"{id_} /{name}", problem


def find_open_bodies(document: Document, _project: Project) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        body = body_of(document, operation)
        if body is not None and body.get("additionalProperties") is not False:
            yield id_, "accepts unknown fields in its body"


def find_bodies_without_example(document: Document, _project: Project) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        body = body_of(document, operation) or {}
        fields = body.get("properties", {})
        if len(fields) >= COMPLEX_FIELDS and not body.get("examples"):
            yield id_, f"takes {len(fields)} fields, but its body has no example"


def find_undocumented_errors(document: Document, project: Project) -> Iterator[NamedFinding]:
    for id_, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status[0] not in "45":
                continue
            if project.error_media_type not in response.get("content", {}):
                yield id_, f"{status} is not documented as {project.error_media_type}"
            elif not re.match(project.error_description, response["description"]):
                yield id_, f"the description of {status} does not begin with an error code"


def find_wrong_statuses(document: Document, _project: Project) -> Iterator[NamedFinding]:
    for id_, method, operation in operations(document):
        successes = {status for status in operation["responses"] if status.startswith("2")}
        verb = id_.partition("-")[2].partition("_")[0]
        if method == "delete" and successes != {"204"}:
            yield id_, f"a DELETE must return 204, not {', '.join(successes)}"
        if verb in {"add", "create", "register"} and successes != {"201"}:
            yield id_, f"a creation must return 201, not {', '.join(successes)}"


def find_leaked_fields(document: Document, _project: Project) -> Iterator[NamedFinding]:
    secret = re.compile("password|secret|hash|digest")
    for id_, _, operation in operations(document):
        for name, schema in success_of(document, operation).get("properties", {}).items():
            if secret.search(name) and schema.get("type") != "boolean":
                yield id_, f"returns the field `{name}`"


def _unbounded(document: Document, schema: dict[str, Any]) -> Iterator[str]:
    for part in _parts(document, schema, set()):
        match part.get("type"):
            case "string":
                bounded = {"maxLength", "enum", "const"} & part.keys()
                if not bounded and part.get("format") not in BOUNDED_FORMATS:
                    yield "is a string without a maximum length"
            case "integer" | "number":
                if not {"minimum", "maximum"} <= part.keys():
                    yield "is a number without a minimum and a maximum"
            case "array":
                if "maxItems" not in part:
                    yield "is a list without a maximum length"


def _parts(
    document: Document, schema: dict[str, Any], visited: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield a schema, its alternatives and the items of its lists.

    Follow each reference only once, because a type can contain itself.
    """
    reference = schema.get("$ref")
    if reference in visited:
        return
    if reference:
        visited.add(reference)
    schema = resolve(document, schema)
    yield schema
    for part in (*schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])):
        yield from _parts(document, part, visited)


@dataclass(frozen=True, kw_only=True)
class DocumentRule(ApplicationRule):
    """A rule about the OpenAPI document."""

    part: str = "application"


SAMPLE = """
from pydantic import BaseModel

class SampleInput(BaseModel):
    first: str
    second: str
    third: str

class SampleOutput(BaseModel):
    password: str

@app.post("/sample", tags=["sample"], responses={404: {"description": "x"}})
async def fetch_sample(query: str, body: SampleInput) -> SampleOutput: ...

@app.delete("/sample", tags=["sample"])
async def delete_sample() -> list[str]: ...
"""
"""Operations that violate all rules."""
RULES = [
    DocumentRule(
        name="names", article=13, needs=("operation_verbs",), find=find_names, sample=SAMPLE
    ),
    DocumentRule(
        name="paged lists",
        article=19,
        needs=("page_parameters",),
        find=find_unpaged_lists,
        sample=SAMPLE,
    ),
    DocumentRule(name="bounded input", article=20, find=find_unbounded_input, sample=SAMPLE),
    DocumentRule(name="closed bodies", article=21, find=find_open_bodies, sample=SAMPLE),
    DocumentRule(name="examples", article=23, find=find_bodies_without_example, sample=SAMPLE),
    DocumentRule(
        name="documented errors",
        article=16,
        needs=("error_media_type",),
        find=find_undocumented_errors,
        sample=SAMPLE,
    ),
    DocumentRule(name="statuses", article=14, find=find_wrong_statuses, sample=SAMPLE),
    DocumentRule(name="no leaked fields", article=24, find=find_leaked_fields, sample=SAMPLE),
]
