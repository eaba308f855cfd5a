"""What every answer carries, and who may read it from elsewhere."""

import pytest
from httpx import AsyncClient

from app.core.config import Environment, Settings
from app.main import create_app
from tests.conftest import open_client
from tests.routes import OPERATIONS, Operation


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
async def test_every_answer_carries_the_security_headers(
    client: AsyncClient, operation: Operation
) -> None:
    response = await client.request(operation.method, operation.path_with("x"))

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-ID"]
    assert "Server" not in response.headers


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
async def test_an_answer_carries_the_headers_that_the_document_tells(
    client: AsyncClient, operation: Operation
) -> None:
    response = await client.request(operation.method, operation.path_with("x"))

    told = operation.details["responses"][str(response.status_code)].get("headers", {})
    assert [name for name in told if name not in response.headers] == []
    assert ("RateLimit" in told) == ("RateLimit" in response.headers)


@pytest.mark.parametrize("path", ["/livez", "/docs"])
async def test_every_policy_lets_no_object_and_no_base_in(client: AsyncClient, path: str) -> None:
    response = await client.get(path)

    directives = response.headers["Content-Security-Policy"].split("; ")
    # Objects fall back to the default; a base, a form's target and a frame do not.
    assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(directives)
    assert not [each for each in directives if each.startswith("object-src")]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
async def test_an_unexpected_error_carries_them_too(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    monkeypatch.setattr("fastapi.routing.solve_dependencies", lambda **_: 1 / 0)

    response = await client.request(operation.method, operation.path_with("x"))

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response.headers["X-Request-ID"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


class TestCors:
    @pytest.fixture
    def origin(self) -> str:
        return "https://app.example.com"

    @pytest.fixture
    def configured(self, settings: Settings, origin: str) -> Settings:
        return settings.model_copy(update={"cors_origins": [origin]})

    async def test_a_named_origin_may_read_answers_and_their_headers(
        self, configured: Settings, origin: str
    ) -> None:
        async with open_client(create_app(configured)) as client:
            response = await client.get("/livez", headers={"Origin": origin})

        exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert {"ETag", "Location", "X-Request-ID", "Retry-After", "RateLimit"} <= set(exposed)

    async def test_a_named_origin_may_read_an_unexpected_error_too(
        self, configured: Settings, origin: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.routers.health.Liveness", lambda: 1 / 0)

        async with open_client(create_app(configured)) as client:
            response = await client.get("/livez", headers={"Origin": origin})

        assert response.status_code == 500
        assert response.headers["Access-Control-Allow-Origin"] == origin

    async def test_another_origin_may_not(self, configured: Settings) -> None:
        preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}

        async with open_client(create_app(configured)) as client:
            plain = await client.get("/livez", headers={"Origin": "https://evil.example"})
            refused = await client.options("/livez", headers=preflight)

        assert "Access-Control-Allow-Origin" not in plain.headers
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")


class TestTrustedHosts:
    async def test_another_host_is_a_problem(self, settings: Settings) -> None:
        configured = settings.model_copy(update={"allowed_hosts": ["api.example.com"]})

        async with open_client(create_app(configured)) as client:
            named = await client.get("/livez", headers={"Host": "api.example.com"})
            other = await client.get("/livez", headers={"Host": "evil.example"})

        assert named.status_code == 200
        assert (other.status_code, other.json()["code"]) == (400, "bad_request")
        assert other.headers["Content-Type"] == "application/problem+json"


async def test_only_production_asks_browsers_for_tls(settings: Settings) -> None:
    production = settings.model_copy(update={"environment": Environment.PRODUCTION})

    async with open_client(create_app(production)) as client:
        in_production = await client.get("/livez")
    async with open_client(create_app(settings)) as client:
        in_development = await client.get("/livez")

    assert "Strict-Transport-Security" in in_production.headers
    assert "Strict-Transport-Security" not in in_development.headers
