"""Creation of routers, and their inclusion in the application."""

from collections.abc import Iterable

from fastapi import APIRouter, Depends, FastAPI, Response

from app.core.config import API_PREFIX
from app.core.errors import RateLimited, ServiceUnavailable
from app.http.openapi import error_responses
from app.http.post_processing import PostProcessedRoute
from app.http.rate_limit import limit_general


def create_router(prefix: str = "", *, tag: str = "", in_document: bool = True) -> APIRouter:
    """Return a router. Its paths begin with the prefix, and its operations have the tag."""
    return APIRouter(
        prefix=prefix,
        tags=[tag] if tag else None,
        route_class=PostProcessedRoute,
        include_in_schema=in_document,
    )


def include_routers(app: FastAPI, routers: Iterable[APIRouter], *, max_body_bytes: int) -> None:
    """Serve the routers of the API, with the general limit and a maximum size of the body.

    No router includes another, because FastAPI would search the routes of both.
    """
    for router in routers:
        app.include_router(
            router,
            prefix=API_PREFIX,
            dependencies=[Depends(limit_general)],
            responses=error_responses(RateLimited, ServiceUnavailable),
            max_body_size=max_body_bytes,
        )


def set_location(response: Response, path: str) -> None:
    """Set `Location` to the path of the resource that was created."""
    response.headers["Location"] = f"{API_PREFIX}{path}"
