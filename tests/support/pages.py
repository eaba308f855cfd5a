"""Reading of paginated lists in tests."""

from collections.abc import Mapping
from typing import Any

from httpx import AsyncClient


async def walk(
    client: AsyncClient, path: str, headers: Mapping[str, str], *, item: str = "id", **query: Any
) -> list[list[str]]:
    """Read a list to its last page, and return the member `item` of the items, page by page."""
    pages: list[list[str]] = []
    while True:
        response = await client.get(path, params=query, headers=dict(headers))
        assert response.status_code == 200, response.text
        page = response.json()
        pages.append([row[item] for row in page["items"]])
        if page["next_cursor"] is None:
            return pages
        query["cursor"] = page["next_cursor"]
