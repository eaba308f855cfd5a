"""What finishes answers is never forgotten in silence."""

from collections.abc import Callable

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient

from app.core.config import Settings
from app.http.conditional import answer_if_modified, get_if_match
from app.http.post_processing import FinishedRoute
from app.main import create_app


def application(
    settings: Settings, route_class: type[APIRoute], dependency: Callable[..., object]
) -> FastAPI:
    """An application with a route that takes the dependency."""
    router = APIRouter(route_class=route_class)

    @router.get("/thing", dependencies=[Depends(dependency)])
    async def read_thing() -> dict[str, str]:
        return {"name": "thing"}

    app = create_app(settings)
    app.include_router(router)
    return app


@pytest.mark.parametrize("dependency", [answer_if_modified, get_if_match])
@pytest.mark.parametrize(("route_class", "status"), [(FinishedRoute, 200), (APIRoute, 500)])
async def test_a_route_of_another_class_fails_at_once(
    settings: Settings,
    route_class: type[APIRoute],
    dependency: Callable[..., object],
    status: int,
) -> None:
    app = application(settings, route_class, dependency)

    async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
        response = await client.get("/thing")

    assert response.status_code == status
    assert ("ETag" in response.headers) == (status == 200)
