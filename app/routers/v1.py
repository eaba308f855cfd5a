"""Version 1 of the API: every router of a feature is mounted here."""

from fastapi import APIRouter, Depends

from app.core.errors import RateLimited, ServiceUnavailable
from app.core.openapi import refusals
from app.dependencies.limits import limit_general
from app.routers import auth, users
from app.routers.example import router as example_router  # example

router = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(limit_general)],
    responses=refusals(RateLimited, ServiceUnavailable),
)
router.include_router(auth.router)
router.include_router(users.router)
router.include_router(example_router)  # example
