"""Documentation page over HTTP."""

import re

from httpx import AsyncClient

FOREIGN = re.compile(rb"""(?:src|href)=["'](?:https?:)?//""")


async def test_the_docs_page_loads_its_assets_only_from_the_process(client: AsyncClient) -> None:
    page = await client.get("/docs")

    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    responses = [await client.get(f"/{path}") for path in loaded]
    assert page.status_code == 200
    assert len(loaded) == 4
    assert [response.status_code for response in responses] == [200] * 4
    assert not FOREIGN.search(page.content)


async def test_the_docs_page_permits_only_its_own_scripts(client: AsyncClient) -> None:
    page = await client.get("/docs")

    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page.text


async def test_the_openapi_document_contains_the_token_url_of_the_authorize_button(
    client: AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()

    scheme = document["components"]["securitySchemes"]["OAuth2PasswordBearer"]
    assert scheme["flows"]["password"]["tokenUrl"] == "/api/v1/auth/token"
