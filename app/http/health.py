"""Health checks of the process and of the systems that it needs."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import Depends
from sqlalchemy.exc import DBAPIError

from app.core.database import Database
from app.core.errors import AppError, ServiceUnavailable
from app.core.logging import get_logger
from app.core.migrations import current_revisions, is_behind
from app.core.rate_limit_store import Store
from app.core.schemas import Output
from app.http.dependencies import ResourcesDep
from app.http.openapi import error_responses
from app.http.routing import create_router

CHECK_SECONDS = 2.0
"""Time limit for checking the database, in seconds. Probes may check every two seconds."""

_logger = get_logger(__name__)


class PartStatus(StrEnum):
    """Status of a part of the service."""

    OK = "ok"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"


class Liveness(Output):
    """Liveness of the process."""

    status: Literal["ok"] = "ok"


class Readiness(Output):
    """Status of every part that the service needs."""

    database: PartStatus
    migrations: PartStatus
    redis: PartStatus

    @property
    def ready(self) -> bool:
        """True if no part fails."""
        return PartStatus.FAILED not in (self.database, self.migrations, self.redis)


class NotReady(ServiceUnavailable):
    """Error 503: a part that the service needs fails. `checks` lists the status of each part."""

    code = "not_ready"
    detail = "A part that the service needs fails. See `checks`."

    def __init__(self, readiness: Readiness) -> None:
        super().__init__()
        self._readiness = readiness

    def extensions(self) -> dict[str, Any]:
        """Return the status of each part."""
        return {"checks": self._readiness.model_dump()}


class Stopping(ServiceUnavailable):
    """Error 503: the process is about to stop."""

    code = "stopping"
    detail = "This process is about to stop. Send requests to another one."


@dataclass(frozen=True, kw_only=True)
class HealthService:
    """Service that checks the systems that the process needs."""

    database: Database
    rate_limits: Store
    stopping: asyncio.Event

    async def check(self) -> Readiness:
        """Return the status of each part. Raises NotReady if one fails, and Stopping in a drain."""
        if self.stopping.is_set():
            raise Stopping
        database, migrations = await self._check_database()
        readiness = Readiness(
            database=database, migrations=migrations, redis=await self._check_redis()
        )
        if not readiness.ready:
            raise NotReady(readiness)
        return readiness

    async def _check_database(self) -> tuple[PartStatus, PartStatus]:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.database.check_writable()
                revisions = await current_revisions(self.database)
        except AppError:  # logged by the database
            return PartStatus.FAILED, PartStatus.FAILED
        except (DBAPIError, TimeoutError):
            _logger.exception("health.database_failed")
            return PartStatus.FAILED, PartStatus.FAILED
        return PartStatus.OK, PartStatus.FAILED if is_behind(revisions) else PartStatus.OK

    async def _check_redis(self) -> PartStatus:
        match await self.rate_limits.is_usable():
            case None:
                return PartStatus.NOT_CONFIGURED
            case usable:
                return PartStatus.OK if usable else PartStatus.FAILED


async def get_health_service(resources: ResourcesDep) -> HealthService:
    """Return the health service. It opens its own session, so the request opens none."""
    return HealthService(
        database=resources.database,
        rate_limits=resources.rate_limiter.store,
        stopping=resources.stopping,
    )


HealthServiceDep = Annotated[HealthService, Depends(get_health_service)]

router = create_router(tag="health")


@router.get("/livez")
async def check_liveness() -> Liveness:
    """Check that the process responds. If it does not, restart it."""
    return Liveness()


@router.get("/readyz", responses=error_responses(NotReady, Stopping))
async def check_readiness(health: HealthServiceDep) -> Readiness:
    """Check the database, its migrations and, if configured, Redis.

    Send no requests while a check fails or the process is about to stop.
    """
    return await health.check()
