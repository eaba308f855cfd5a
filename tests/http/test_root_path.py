"""ROOT_PATH over HTTP, behind a proxy that removes the prefix and behind one that keeps it."""

import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.core.config import Settings
from app.main import create_app
from app.runtime.resources import Resources
from tests.conftest import open_client
from tests.support.factories import API, PASSWORD, registration

PREFIXES = ["/prefix", "/two/levels", "/api", "/api/v1", "/docs/v2"]


@pytest.fixture(params=PREFIXES)
def prefix(request: pytest.FixtureRequest) -> str:
    """Return a value of ROOT_PATH. Some values are also the beginning of routes."""
    return str(request.param)


@pytest.fixture(params=["removed", "kept"])
async def client(
    request: pytest.FixtureRequest,
    app: FastAPI,
    resources: Resources,
    settings: Settings,
    prefix: str,
) -> AsyncIterator[AsyncClient]:
    """Yield a client behind a proxy that removes the prefix, or keeps it."""
    prefixed = create_app(settings.model_copy(update={"root_path": prefix}))
    prefixed.state.resources = resources
    async with open_client(prefixed) as client:
        if request.param == "kept":
            client.base_url = client.base_url.join(prefix)
        yield client


async def test_the_location_of_a_created_resource_begins_with_the_prefix(
    client: AsyncClient, prefix: str
) -> None:
    response = await client.post(f"{API}/users", json=registration())

    expected = f"{prefix}{API}/users/{response.json()['id']}"
    assert (response.status_code, response.headers["Location"]) == (201, expected)


async def test_the_instance_of_a_problem_is_the_path_with_the_prefix(
    client: AsyncClient, prefix: str
) -> None:
    response = await client.get(f"{API}/users/me")

    assert (response.status_code, response.json()["instance"]) == (401, f"{prefix}{API}/users/me")


async def test_the_docs_and_their_assets_are_found_below_the_prefix(client: AsyncClient) -> None:
    page = await client.get("/docs")

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    responses = [await client.get(path) for path in loaded]
    assert [response.status_code for response in (page, *responses)] == [200] * 5
    assert not [path for path in loaded if path.startswith("/")]


async def test_the_openapi_document_contains_the_prefix_once(
    client: AsyncClient, prefix: str
) -> None:
    document = (await client.get("/openapi.json")).json()

    flow = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]
    assert document["servers"] == [{"url": prefix}]
    assert flow["tokenUrl"] == flow["refreshUrl"] == f"{prefix}{API}/auth/token"
    assert f"{API}/auth/token" in document["paths"]


async def test_the_root_links_to_the_docs_below_the_prefix(
    client: AsyncClient, prefix: str
) -> None:
    redirect = await client.get("/")
    index = await client.get("/", headers={"Accept": "application/json"})

    assert (redirect.status_code, redirect.headers["Location"]) == (303, f"{prefix}/docs")
    assert index.json()["links"]["docs"] == f"{prefix}/docs"


async def test_head_and_forms_work_below_the_prefix(client: AsyncClient) -> None:
    user = registration()
    await client.post(f"{API}/users", json=user)

    form = {"grant_type": "password", "username": user["email"], "password": PASSWORD}
    token = await client.post(f"{API}/auth/token", data=form)
    head = await client.head("/livez")

    assert (token.status_code, head.status_code) == (200, 200)


async def test_an_unknown_path_is_a_404_without_a_redirect(client: AsyncClient) -> None:
    responses = [await client.get(path) for path in ("/nowhere", "/%2Fevil.example")]

    assert [response.status_code for response in responses] == [404, 404]
    assert not [response for response in responses if "Location" in response.headers]


class TestKeptPrefix:
    @pytest.fixture
    def prefix(self) -> str:
        return "/prefix"

    @pytest.mark.parametrize("path", ["/prefix", "/prefix/"])
    async def test_the_prefix_alone_is_the_root(self, client: AsyncClient, path: str) -> None:
        response = await client.get(f"http://testserver{path}")

        assert (response.status_code, response.headers["Location"]) == (303, "/prefix/docs")

    async def test_a_path_that_only_begins_like_the_prefix_is_not_shortened(
        self, client: AsyncClient
    ) -> None:
        response = await client.get("http://testserver/prefixes/livez")

        assert (response.status_code, response.json()["instance"]) == (
            404,
            "/prefix/prefixes/livez",
        )

    async def test_the_instance_of_an_unknown_path_contains_the_prefix_once(
        self, client: AsyncClient
    ) -> None:
        response = await client.get("http://testserver/prefix/nowhere")

        assert response.json()["instance"] == "/prefix/nowhere"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/docs", "/openapi.json"])
async def test_a_prefix_that_equals_a_route_does_not_hide_the_route(
    resources: Resources, settings: Settings, path: str
) -> None:
    prefixed = create_app(settings.model_copy(update={"root_path": path}))
    prefixed.state.resources = resources

    async with open_client(prefixed) as client:
        probed = await client.get(path)
        kept = await client.get(f"{path}{path}")
        root = await client.get(f"{path}/")

    assert (probed.status_code, kept.status_code) == (200, 200)
    assert probed.content == kept.content
    assert (root.status_code, root.headers["Location"]) == (303, f"{path}/docs")


async def test_without_root_path_the_openapi_document_names_no_server(app: FastAPI) -> None:
    assert "servers" not in app.openapi()
