"""Invalid input of each operation of the OpenAPI document: a 4xx problem and never a 500."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response

from app.core.ids import new_id
from app.core.schemas import NOT_BLANK
from app.runtime.resources import Resources
from tests.support.factories import API, Factory, Login, registration
from tests.support.operations import OPERATIONS, Operation, describe
from tests.support.registries import ENTRIES, create_world
from tests.support.world import World


def alternatives(operation: Operation, field: str) -> list[dict[str, Any]]:
    """Return the schemas of a field of the body, of which a value must match one."""
    schema: dict[str, Any] = (operation.body_schema or {})["properties"][field]
    alternatives: list[dict[str, Any]] = schema.get("anyOf", [schema])
    return alternatives


WITH_BODY = [operation for operation in OPERATIONS if operation.body_schema]
LISTS = [operation for operation in OPERATIONS if operation.takes("cursor")]
WITH_IDS = [operation for operation in OPERATIONS if operation.parameters]
FIELDS = [
    (operation, field)
    for operation in WITH_BODY
    for field in (operation.body_schema or {})["properties"]
]
PATCH_FIELDS = [(operation, field) for operation, field in FIELDS if operation.method == "PATCH"]
LINES = [
    (operation, field, schema["maxLength"])
    for operation, field in PATCH_FIELDS
    for schema in alternatives(operation, field)
    if schema.get("pattern") == NOT_BLANK
]
INTEGERS = [
    (operation, field, int(schema["minimum"]))
    for operation, field in PATCH_FIELDS
    for schema in alternatives(operation, field)
    if schema.get("type") == "integer"
]

BAD_VALUES = [
    r'"\u0000"', r'"\ud800"', '"' + "x" * 5000 + '"', "1" + "0" * 400, "1e400", "-1", "1.5", '""',
    '"  "', "[]", '{"a": {}}', "NaN",
]  # fmt: skip

DEPTHS = (200, 5000, 20_000, 900_000)
NOT_JSON = [b"{", b"\xff", b"1" * 5000, *(b"[" * depth for depth in DEPTHS)]
"""Bodies that are not JSON. The nesting at which Python raises a `RecursionError` instead of a
`JSONDecodeError` depends on its version.
"""
MALFORMED = ["", "[]", "null", '"text"', "[" * 20_000 + "]" * 20_000, '{"unknown": 1}']
"""JSON and other bodies that no operation accepts."""


def assert_is_a_problem(response: Response, *statuses: int) -> None:
    problem = response.json()
    assert response.status_code in statuses, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["X-Request-ID"]
    assert problem["type"] == "about:blank"


@dataclass
class Sender:
    """Client that sends bodies as an admin, who owns the resources of the path."""

    client: AsyncClient
    login: Login
    world: World

    async def send(self, operation: Operation, body: str | bytes) -> Response:
        headers = {**self.login.headers, "Content-Type": "application/json"}
        path = operation.path.format_map(self.world.ids)
        return await self.client.request(operation.method, path, content=body, headers=headers)


@pytest.fixture
async def sender(client: AsyncClient, factory: Factory, resources: Resources) -> Sender:
    """Return a sender for a user with all permissions."""
    login = await factory.admin()
    return Sender(client, login, await create_world(factory, resources, {"owner": login.user}))


@pytest.mark.usefixtures("no_limits")
@pytest.mark.parametrize(("operation", "field"), FIELDS, ids=describe)
async def test_a_bad_value_of_a_field_is_never_a_500(
    sender: Sender, operation: Operation, field: str
) -> None:
    for value in BAD_VALUES:
        response = await sender.send(operation, f'{{"{field}": {value}}}')

        if value in ENTRIES[operation.id].accepts.get(field, []):
            assert response.status_code == 200
        else:
            # A body with only a password accepts any text, which is then a wrong password.
            is_wrong = response.status_code == 403 and field == "password"
            assert_is_a_problem(response, 403 if is_wrong else 422)


@pytest.mark.parametrize("operation", LISTS, ids=describe)
async def test_every_list_rejects_a_forged_cursor(sender: Sender, operation: Operation) -> None:
    response = await sender.client.get(
        operation.path.format_map(sender.world.ids),
        params={"cursor": "bm90IG91cnM"},
        headers=sender.login.headers,
    )

    assert_is_a_problem(response, 422)
    assert [error["parameter"] for error in response.json()["errors"]] == ["cursor"]


@pytest.mark.parametrize("operation", WITH_BODY, ids=describe)
async def test_a_malformed_body_is_a_422(sender: Sender, operation: Operation) -> None:
    for body in MALFORMED:
        response = await sender.send(operation, body)

        assert_is_a_problem(response, 422)


@pytest.mark.parametrize("operation", WITH_BODY, ids=describe)
async def test_a_body_that_is_not_json_has_the_same_error_in_all_python_versions(
    sender: Sender, operation: Operation
) -> None:
    for body in NOT_JSON:
        response = await sender.send(operation, body)

        assert_is_a_problem(response, 422)
        assert response.json()["errors"] == [
            {"pointer": "", "message": "JSON decode error", "code": "json_invalid"}
        ]


@pytest.mark.parametrize("operation", WITH_BODY, ids=describe)
async def test_an_unknown_field_of_a_body_is_rejected(sender: Sender, operation: Operation) -> None:
    response = await sender.send(operation, '{"a/b~c": 1}')

    violations = response.json()["errors"]
    assert {"pointer": "/a~1b~0c", "code": "extra_forbidden"}.items() <= violations[-1].items()


@pytest.mark.parametrize(("operation", "field"), PATCH_FIELDS, ids=describe)
async def test_null_clears_a_nullable_field_and_is_rejected_by_other_fields(
    sender: Sender, operation: Operation, field: str
) -> None:
    nullable = {"type": "null"} in alternatives(operation, field)

    response = await sender.send(operation, json.dumps({field: None}))

    assert response.status_code == (200 if nullable else 422)
    assert not nullable or response.json()[field] is None


@pytest.mark.parametrize(("operation", "field", "minimum"), INTEGERS, ids=describe)
async def test_an_integer_can_be_written_with_a_fraction_of_zero_but_not_as_another_type(
    sender: Sender, operation: Operation, field: str, minimum: int
) -> None:
    accepted, *rejected = [
        await sender.send(operation, f'{{"{field}": {value}}}')
        for value in (f"{minimum}.0", f"{minimum}.5", f'"{minimum}"', "true", f"{minimum - 1}.0")
    ]

    assert (accepted.status_code, accepted.json()[field]) == (200, minimum)
    assert [response.status_code for response in rejected] == [422] * 4


@pytest.mark.parametrize(("operation", "field", "length"), LINES, ids=describe)
async def test_a_line_is_measured_without_the_spaces_around_it(
    sender: Sender, operation: Operation, field: str, length: int
) -> None:
    fitting, longer = [
        await sender.send(operation, json.dumps({field: f"  {text}  "}))
        for text in ("x" * length, "x" * (length + 1))
    ]

    assert (fitting.status_code, longer.status_code) == (200, 422)
    assert fitting.json()[field] == "x" * length


async def test_a_problem_lists_at_most_a_hundred_errors(client: AsyncClient) -> None:
    body = {f"field_{number}": 1 for number in range(1000)}

    response = await client.post(f"{API}/users", json=registration(**body))

    assert_is_a_problem(response, 422)
    assert len(response.json()["errors"]) == 100


@pytest.mark.parametrize("operation", OPERATIONS, ids=describe)
async def test_a_body_of_ten_megabytes_is_a_413(client: AsyncClient, operation: Operation) -> None:
    response = await client.request(
        operation.method, operation.path_with(new_id()), content=b"x" * 10_000_000
    )

    assert_is_a_problem(response, 413)


async def test_a_large_body_without_content_length_is_a_413(client: AsyncClient) -> None:
    async def chunks() -> Any:
        for _ in range(100):
            yield b" " * 100_000

    response = await client.post(
        f"{API}/users", content=chunks(), headers={"Content-Type": "application/json"}
    )

    assert_is_a_problem(response, 413)


@pytest.mark.parametrize(("length", "status"), [("9" * 5000, 413), ("-1", 400), ("x", 400)])
async def test_an_invalid_content_length_is_a_4xx(
    client: AsyncClient, length: str, status: int
) -> None:
    response = await client.post(f"{API}/users", content=b"{}", headers={"Content-Length": length})

    assert_is_a_problem(response, status)


@pytest.mark.parametrize("operation", WITH_IDS, ids=describe)
async def test_an_invalid_id_in_the_path_is_a_422_that_names_the_parameter(
    admin: Login, operation: Operation
) -> None:
    for id_ in ("1", "x", "%00", "9" * 400, "%ed%a0%80"):
        path = operation.path_with(id_)
        response = await admin.request(operation.method, path)

        assert_is_a_problem(response, 422)
        named = [violation.get("parameter") for violation in response.json()["errors"]]
        assert named[: len(operation.parameters)] == operation.parameters


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"limit": "1" + "0" * 400}, "limit"),
        ({"limit": "x"}, "limit"), ({"cursor": ""}, "cursor"), ({"cursor": "x"}, "cursor"),
        ({"cursor": "\0"}, "cursor"), ({"cursor": "é"}, "cursor"),
        ({"cursor": "x" * 513}, "cursor"), ({"unknown": 1}, "unknown"),
    ],
    ids=str,
)  # fmt: skip
async def test_an_invalid_query_is_a_422_that_names_the_parameter(
    admin: Login, query: dict[str, str], parameter: str
) -> None:
    response = await admin.get(f"{API}/users", params=query)

    assert_is_a_problem(response, 422)
    assert response.json()["errors"][0]["parameter"] == parameter


async def test_a_problem_does_not_echo_the_input(client: AsyncClient) -> None:
    secret = "opera-mumbles-violet-tractor"
    body = registration(email=f"{secret}@", password=f"\0{secret}", full_name=["\0" + secret])

    response = await client.post(f"{API}/users", json=body)

    assert_is_a_problem(response, 422)
    assert len(response.json()["errors"]) == 3
    assert secret not in response.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", f"{API}/nothing", 404, "not_found"),
        ("GET", f"{API}/users/", 404, "not_found"),
        ("GET", "/docs/assets/nothing", 404, "not_found"),
        ("PUT", f"{API}/users", 405, "method_not_allowed"),
        ("DELETE", "/livez", 405, "method_not_allowed"),
    ],
)
async def test_an_unknown_path_or_method_is_a_problem_document(
    client: AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await client.request(method, path)

    assert_is_a_problem(response, status)
    assert (response.json()["code"], response.json()["instance"]) == (code, path)
