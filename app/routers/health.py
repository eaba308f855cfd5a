"""Whether the process lives, and whether it can work."""

from fastapi import APIRouter

from app.core.openapi import refusals
from app.dependencies.services import HealthServiceDep
from app.schemas.health import Liveness, NotReady, Readiness, Stopping

router = APIRouter(tags=["health"])


@router.get("/livez")
async def check_liveness() -> Liveness:
    """The process answers. Restart it when it does not."""
    return Liveness()


@router.get("/readyz", responses=refusals(NotReady, Stopping))
async def check_readiness(health: HealthServiceDep) -> Readiness:
    """Database, migrations and, if there is one, Redis. Send no requests while one fails, or while
    the process stops.
    """
    return await health.check()
