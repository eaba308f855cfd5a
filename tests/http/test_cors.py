"""Cross-origin requests: allowed origins, methods and headers."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient, Response

from app.core.config import Settings
from app.main import create_app
from tests.conftest import open_client
from tests.support.factories import API

ORIGIN = "https://app.example.com"
SENT_BY_FRONT_ENDS = [
    "authorization,content-type", "authorization,traceparent,tracestate,baggage,sentry-trace",
    "Authorization, Traceparent, TRACESTATE, Baggage, Sentry-Trace",
    "cache-control,pragma,x-requested-with", "idempotency-key,x-request-id",
    "if-match,if-modified-since,if-none-match,if-range,if-unmodified-since,range",
    "accept,accept-language,content-language", "", "authorization,,",
]  # fmt: skip


@pytest.fixture
async def front_end(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Yield a client of an application that admits ORIGIN and the header X-Tenant."""
    configured = settings.model_copy(
        update={"cors_origins": [ORIGIN], "cors_allow_headers": ["X-Tenant"]}
    )
    async with open_client(create_app(configured)) as client:
        yield client


async def preflight(
    client: AsyncClient, method: str = "POST", headers: str | None = None, origin: str = ORIGIN
) -> Response:
    """Send a preflight request for a request with this method and these headers."""
    request_headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers is not None:
        request_headers["Access-Control-Request-Headers"] = headers
    return await client.options(f"{API}/users", headers=request_headers)


async def test_an_allowed_origin_may_read_responses_and_their_headers(
    front_end: AsyncClient,
) -> None:
    response = await front_end.get("/livez", headers={"Origin": ORIGIN})

    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert {"ETag", "Location", "X-Request-ID", "Retry-After", "RateLimit"} <= set(exposed)


async def test_an_allowed_origin_may_read_an_unexpected_error(
    front_end: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.http.health.Liveness", lambda: 1 / 0)

    response = await front_end.get("/livez", headers={"Origin": ORIGIN})

    assert response.status_code == 500
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example"])
async def test_another_origin_may_not_read_responses(front_end: AsyncClient, origin: str) -> None:
    response = await front_end.get("/livez", headers={"Origin": origin})

    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("headers", [None, *SENT_BY_FRONT_ENDS])
async def test_a_preflight_allows_the_headers_that_front_ends_send(
    front_end: AsyncClient, headers: str | None
) -> None:
    response = await preflight(front_end, headers=headers)

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in response.headers["Vary"]
    assert response.headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_preflight_allows_the_methods_of_the_api(
    front_end: AsyncClient, method: str
) -> None:
    response = await preflight(front_end, method)

    assert response.status_code == 200
    assert method in response.headers["Access-Control-Allow-Methods"].split(", ")


async def test_a_preflight_allows_a_header_of_cors_allow_headers(front_end: AsyncClient) -> None:
    response = await preflight(front_end, headers="authorization,x-tenant")

    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert (response.status_code, "X-Tenant" in allowed) == (200, True)


@pytest.mark.parametrize(
    ("method", "headers", "named"),
    [
        ("POST", "authorization,x-other", "the headers `x-other` (see CORS_ALLOW_HEADERS)"),
        ("POST", "X-One, X-Two", "the headers `x-one` `x-two` (see CORS_ALLOW_HEADERS)"),
        ("PURGE", "authorization", "the method `PURGE`"),
        ("patch", "authorization", "the method `patch`"),
        ("PURGE", "x-other", "the method `PURGE`, the headers `x-other`"),
    ],
)
async def test_a_preflight_error_names_the_method_or_headers_that_are_not_allowed(
    front_end: AsyncClient, method: str, headers: str, named: str
) -> None:
    response = await preflight(front_end, method, headers)

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert named in response.json()["detail"]
    assert response.headers["Content-Type"] == "application/problem+json"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Vary"].startswith("Origin, Access-Control-Request-Method")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "x" * 5000])
async def test_a_preflight_of_another_origin_is_rejected(
    front_end: AsyncClient, origin: str
) -> None:
    response = await preflight(front_end, origin=origin)

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert "this origin (see CORS_ORIGINS)" in response.json()["detail"]
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("headers", ["<b>", '"x"', "x" * 5000, "ä", ",".join(["x-y"] * 1000)])
async def test_a_preflight_error_echoes_only_a_few_header_names(
    front_end: AsyncClient, headers: str
) -> None:
    preflight_headers = [("Origin", ORIGIN), ("Access-Control-Request-Method", "GET")]
    lines = [*preflight_headers, ("Access-Control-Request-Headers", headers.encode("latin-1"))]

    response = await front_end.options("/livez", headers=lines)  # type: ignore[arg-type]  # httpx takes bytes

    assert response.status_code == 400
    assert headers not in response.json()["detail"]
    assert len(response.json()["detail"]) < 150


async def test_a_preflight_error_does_not_echo_invalid_names(front_end: AsyncClient) -> None:
    response = await preflight(front_end, "<b>", '"x"')

    method, headers = response.json()["detail"].split(", ")
    assert method.endswith(": any method with an invalid name")
    assert headers == "any headers with an invalid name (see CORS_ALLOW_HEADERS)."


async def test_a_preflight_for_a_private_network_is_rejected(front_end: AsyncClient) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }

    response = await front_end.options("/livez", headers=headers)

    assert response.status_code == 400
    assert "access to a private network" in response.json()["detail"]


async def test_an_options_request_that_is_not_a_preflight_is_a_405(
    client: AsyncClient, front_end: AsyncClient
) -> None:
    without_cors = await preflight(client)
    plain = await front_end.options("/livez", headers={"Origin": ORIGIN})

    assert (without_cors.status_code, without_cors.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert (plain.status_code, plain.headers["Allow"]) == (405, "GET, HEAD")
    assert plain.headers["Access-Control-Allow-Origin"] == ORIGIN
