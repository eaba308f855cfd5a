"""Root of the service over HTTP."""

from urllib.parse import urljoin

import pytest
from httpx import AsyncClient

from app.core.names import TITLE
from app.main import VERSION
from tests.support.operations import DOCUMENT

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept",
    [
        "", "*/*", BROWSER, "text/html, application/json", "text/html, application/json;q=0.9",
        "application/json;q=0", "application/json;q=0, */*", "application/json;q=high",
        "application/json;q=nan", "application/*;q=0", "image/png", ";;,,=",
    ],
)  # fmt: skip
async def test_root_redirects_a_client_that_does_not_prefer_json_to_the_docs(
    client: AsyncClient, accept: str
) -> None:
    response = await client.get("/", headers={"Accept": accept})

    assert (response.status_code, response.headers["Location"]) == (303, "docs")
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    "accept",
    [
        "application/json", "Application/JSON; charset=utf-8", "application/json, text/plain, */*",
        "text/html;q=0.5, application/json;q=0.6", "text/html;q=0, */*", "application/*",
    ],
)  # fmt: skip
async def test_root_lists_entry_points_for_a_client_that_prefers_json(
    client: AsyncClient, accept: str
) -> None:
    response = await client.get("/", headers={"Accept": accept})

    index = response.json()
    assert (response.status_code, response.headers["Vary"]) == (200, "Accept")
    assert (index["name"], index["version"]) == (TITLE, VERSION)
    for link in index["links"].values():
        assert (await client.get(link)).status_code == 200


async def test_the_links_of_the_root_are_relative_to_the_path_of_the_request(
    client: AsyncClient,
) -> None:
    response = await client.get("/", headers={"Accept": "application/json"})

    links = response.json()["links"]
    resolved = {urljoin("https://example.com/prefix/", link) for link in links.values()}
    names = ("docs", "openapi.json", "livez", "readyz")
    assert resolved == {f"https://example.com/prefix/{name}" for name in names}


async def test_the_redirect_of_the_root_leads_to_the_docs(client: AsyncClient) -> None:
    response = await client.get("/", headers={"Accept": BROWSER}, follow_redirects=True)

    assert response.status_code == 200
    assert "swagger-ui" in response.text


async def test_root_combines_several_accept_headers(client: AsyncClient) -> None:
    lines = [("Accept", "text/html;q=0.1"), ("Accept", "application/json")]

    response = await client.get("/", headers=lines)

    assert response.status_code == 200


async def test_head_of_the_root_redirects_like_get(client: AsyncClient) -> None:
    response = await client.head("/")

    assert (response.status_code, response.headers["Location"]) == (303, "docs")


@pytest.mark.parametrize("path", ["//", "//evil.example", "/%2F"])
async def test_a_path_of_several_slashes_is_a_404_without_a_redirect(
    client: AsyncClient, path: str
) -> None:
    response = await client.get(f"http://testserver{path}")

    assert (response.status_code, response.headers.get("Location")) == (404, None)


def test_root_is_not_in_the_openapi_document() -> None:
    assert "/" not in DOCUMENT["paths"]
