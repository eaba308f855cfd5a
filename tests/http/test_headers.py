"""Security headers of all responses, trusted hosts, and strict transport security."""

import pytest
from fastapi import FastAPI, Response
from httpx import AsyncClient

from app.core.config import Settings
from app.core.setting_group import Environment
from app.http.middleware import install_middleware
from app.main import create_app
from tests.conftest import open_client
from tests.support.operations import OPERATIONS, Operation


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_every_response_has_the_security_headers(
    client: AsyncClient, operation: Operation
) -> None:
    response = await client.request(operation.method, operation.path_with("x"))

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-ID"]
    assert "Server" not in response.headers


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_a_response_has_the_headers_that_the_openapi_document_declares(
    client: AsyncClient, operation: Operation
) -> None:
    response = await client.request(operation.method, operation.path_with("x"))

    documented = operation.details["responses"][str(response.status_code)].get("headers", {})
    assert [name for name in documented if name not in response.headers] == []
    assert ("RateLimit" in documented) == ("RateLimit" in response.headers)


async def test_a_response_with_a_strong_entity_tag_forbids_transformation(
    client: AsyncClient,
) -> None:
    asset = await client.get("/docs/assets/swagger-ui.css")
    headers = {"If-None-Match": asset.headers["ETag"]}

    unchanged = await client.get("/docs/assets/swagger-ui.css", headers=headers)

    assert (asset.status_code, unchanged.status_code) == (200, 304)
    for response in (asset, unchanged):
        assert response.headers["ETag"].startswith('"')
        assert response.headers["Cache-Control"] == "no-store, no-transform"


async def test_a_response_with_a_weak_entity_tag_permits_transformation(settings: Settings) -> None:
    app = FastAPI()
    install_middleware(app, settings)

    @app.get("/weak")
    async def read() -> Response:
        return Response(headers={"ETag": 'W/"1"'})

    async with open_client(app) as client:
        response = await client.get("/weak")

    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/livez", "/docs"])
async def test_every_content_security_policy_forbids_objects_base_and_frames(
    client: AsyncClient, path: str
) -> None:
    response = await client.get(path)

    directives = response.headers["Content-Security-Policy"].split("; ")
    # object-src falls back to default-src; base-uri, form-action and frame-ancestors do not.
    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(directives)
    assert not [directive for directive in directives if directive.startswith("object-src")]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_an_unexpected_error_has_the_security_headers(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    monkeypatch.setattr("fastapi.routing.solve_dependencies", lambda **_: 1 / 0)

    response = await client.request(operation.method, operation.path_with("x"))

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response.headers["X-Request-ID"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_request_for_another_host_is_a_400(settings: Settings) -> None:
    configured = settings.model_copy(update={"allowed_hosts": ["api.example.com"]})

    async with open_client(create_app(configured)) as client:
        named = await client.get("/livez", headers={"Host": "api.example.com"})
        other = await client.get("/livez", headers={"Host": "evil.example"})

    assert named.status_code == 200
    assert (other.status_code, other.json()["code"]) == (400, "bad_request")
    assert other.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("example.com.", 200), ("Example.com.:8000", 200), ("a.example.net.", 200),
        ("example.com..", 400), ("evil.example.", 400),
    ],
)  # fmt: skip
async def test_an_allowed_host_may_end_with_one_dot(
    settings: Settings, host: str, status: int
) -> None:
    allowed = ["example.com", "*.example.net"]
    configured = settings.model_copy(update={"allowed_hosts": allowed})

    async with open_client(create_app(configured)) as client:
        response = await client.get("/livez", headers={"Host": host})

    assert response.status_code == status


async def test_only_production_sends_strict_transport_security(settings: Settings) -> None:
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})

    async with open_client(create_app(production)) as client:
        in_production = await client.get("/livez")
    async with open_client(create_app(settings)) as client:
        in_development = await client.get("/livez")

    assert "Strict-Transport-Security" in in_production.headers
    assert "Strict-Transport-Security" not in in_development.headers
