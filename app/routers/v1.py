"""Version 1 of the API: every router of a feature is mounted here."""

from fastapi import APIRouter, Depends

from app.core.errors import RateLimited, ServiceUnavailable
from app.core.openapi import refusals
from app.dependencies.limits import limit_general
from app.routers import auth, users
from app.routers.example import ROUTERS as EXAMPLE  # example

ROUTERS = (
    users.router,
    auth.router,
    *EXAMPLE,  # example
)
"""Tried in this order; what is asked for most comes first."""


def make_router(*, max_body_bytes: int) -> APIRouter:
    """The routes of all features, which refuse larger bodies.

    No feature nests routers: FastAPI searches each once more for every router around it.
    """
    router = APIRouter(
        prefix="/api/v1",
        dependencies=[Depends(limit_general)],
        responses=refusals(RateLimited, ServiceUnavailable),
        max_body_size=max_body_bytes,
    )
    for feature in ROUTERS:
        router.include_router(feature)
    return router
