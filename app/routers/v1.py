"""Version 1 of the API: every router of a feature is mounted here."""

from fastapi import Depends, FastAPI

from app.core.errors import RateLimited, ServiceUnavailable
from app.core.openapi import refusals
from app.dependencies.limits import limit_general
from app.routers import auth, users
from app.routers.example import ROUTERS as EXAMPLE  # example
from app.schemas.base import API

ROUTERS = (
    users.router,
    *EXAMPLE,  # example
    auth.router,
)
"""Tried in this order; what is asked for most comes first."""


def include_routers(app: FastAPI, *, max_body_bytes: int) -> None:
    """Serve the routes of all features, which refuse larger bodies.

    No router is nested: FastAPI searches each once more for every router around it.
    """
    for router in ROUTERS:
        app.include_router(
            router,
            prefix=API,
            dependencies=[Depends(limit_general)],
            responses=refusals(RateLimited, ServiceUnavailable),
            max_body_size=max_body_bytes,
        )
