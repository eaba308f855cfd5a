"""Version 1 of the API: every router of a feature is mounted here."""

from fastapi import Depends, FastAPI

from app.accounts import router as users
from app.authentication import router as auth
from app.authentication.limits import limit_general
from app.core.errors import RateLimited, ServiceUnavailable
from app.core.schemas import API
from app.http.openapi import refusals
from app.routers.example import ROUTERS as EXAMPLE

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
