"""How tests read lists."""

from collections.abc import Mapping
from typing import Any

from httpx import AsyncClient


async def walk(
    client: AsyncClient, path: str, headers: Mapping[str, str], *, item: str = "id", **query: Any
) -> list[list[str]]:
    """What names the items on each page of a list, from the first page to the last."""
    pages: list[list[str]] = []
    while True:
        response = await client.get(path, params=query, headers=dict(headers))
        assert response.status_code == 200, response.text
        page = response.json()
        pages.append([each[item] for each in page["items"]])
        if page["next_cursor"] is None:
            return pages
        query["cursor"] = page["next_cursor"]
