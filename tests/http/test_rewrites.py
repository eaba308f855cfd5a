"""HEAD requests over HTTP: the response to GET without its body."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from httpx import AsyncClient

from app.core.config import Settings
from app.http.middleware import install_middleware
from app.runtime.resources import Resources
from tests.support.factories import API, Factory, Login
from tests.support.operations import DOCUMENT, OPERATIONS, Operation
from tests.support.registries import create_world
from tests.support.serving import connected, served

PATHS = {
    "/livez": 200,
    "/readyz": 200,
    "/docs": 200,
    "/docs/start.js": 200,
    "/docs/assets/swagger-ui.css": 200,
    "/docs/assets/nothing.css": 404,
    "/openapi.json": 200,
    "/nowhere": 404,
    f"{API}/users/me": 401,
    f"{API}/auth/token": 405,
}
READS = [operation for operation in OPERATIONS if operation.method == "GET"]
VARYING = {"x-request-id", "date", "ratelimit"}
MAX_WAIT_SECONDS = 10


async def test_a_head_response_has_no_body_and_the_connection_stays_usable(
    app: FastAPI, live_resources: Resources
) -> None:
    async with served(app) as server, connected(server) as connection:
        pairs = {
            path: (await connection.request("HEAD", path), await connection.request("GET", path))
            for path in PATHS
        }

    assert {path: head.status for path, (head, _) in pairs.items()} == PATHS
    for head, get in pairs.values():
        assert (head.status, head.headers.keys()) == (get.status, get.headers.keys())
        assert int(head.headers["content-length"]) == len(get.body) > 0


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.id)
async def test_head_of_an_operation_has_the_status_and_headers_of_get(
    factory: Factory, admin: Login, resources: Resources, operation: Operation
) -> None:
    world = await create_world(factory, resources, {"admin": admin.user, "owner": admin.user})
    path = operation.path.format_map(world.ids)

    get = await admin.get(path)
    head = await admin.request("HEAD", path)

    assert head.status_code == get.status_code
    assert [item for item in head.headers.items() if item[0] not in VARYING] == [
        item for item in get.headers.items() if item[0] not in VARYING
    ]


async def test_head_of_an_invalid_query_is_a_422(login: Login) -> None:
    response = await login.request("HEAD", f"{API}/auth/sessions?limit=0")

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"


async def test_head_counts_against_the_same_limit_as_get(login: Login) -> None:
    get = await login.get(f"{API}/users/me")
    head = await login.request("HEAD", f"{API}/users/me")

    policy = get.headers["RateLimit"].partition(";r=")[0]
    remaining = [int(response.headers["RateLimit"].split(";")[1][2:]) for response in (get, head)]
    assert head.headers["RateLimit"].startswith(policy)
    assert remaining[0] - remaining[1] == 1


async def test_head_of_an_endless_stream_closes_the_stream(settings: Settings) -> None:
    streaming, closed = FastAPI(), asyncio.Event()
    install_middleware(streaming, settings)

    async def ticks() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0)
        finally:
            closed.set()

    @streaming.get("/ticks")
    async def stream() -> StreamingResponse:
        return StreamingResponse(ticks())

    async with (
        asyncio.timeout(MAX_WAIT_SECONDS),
        served(streaming) as server,
        connected(server) as connection,
    ):
        first = await connection.request("HEAD", "/ticks")
        await closed.wait()
        second = await connection.request("HEAD", "/ticks")

    assert (first.status, second.status) == (200, 200)
    assert "transfer-encoding" not in first.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/livez", "GET, HEAD"),
        ("OPTIONS", "/livez", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("POST", "/docs/assets/swagger-ui.css", "GET, HEAD"),
        ("DELETE", f"{API}/users", "GET, HEAD, POST"),
        ("GET", f"{API}/auth/token", "POST"),
        ("HEAD", f"{API}/auth/token", "POST"),
    ],
)
async def test_the_allow_header_lists_head_wherever_it_lists_get(
    client: AsyncClient, method: str, path: str, allowed: str
) -> None:
    response = await client.request(method, path)

    assert (response.status_code, response.headers["Allow"]) == (405, allowed)


def test_the_openapi_document_declares_no_head_operation() -> None:
    assert [path for path, item in DOCUMENT["paths"].items() if "head" in item] == []
