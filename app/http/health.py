"""The service's health on the wire."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from sqlalchemy.exc import DBAPIError

from app.core.database import Database
from app.core.errors import AppError, ServiceUnavailable
from app.core.logging import get_logger
from app.core.migrations import current_revisions, is_behind
from app.core.schemas import Output
from app.http.dependencies import ResourcesDep
from app.http.openapi import refusals
from app.http.rate_limit import SharedLimiter, limiter


class PartStatus(StrEnum):
    """How a part of the service is."""

    OK = "ok"
    FAILED = "failed"
    NOT_CONFIGURED = "not_configured"


class Liveness(Output):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Output):
    """Every part that the service needs."""

    database: PartStatus
    migrations: PartStatus
    redis: PartStatus

    @property
    def ready(self) -> bool:
        """Whether no part fails."""
        return PartStatus.FAILED not in (self.database, self.migrations, self.redis)


class NotReady(ServiceUnavailable):
    """A part that the service needs fails; `checks` says which."""

    code = "not_ready"
    detail = "A part that the service needs fails; `checks` says which."

    def __init__(self, readiness: Readiness) -> None:
        super().__init__()
        self._readiness = readiness

    def members(self) -> dict[str, Any]:
        """How each part is."""
        return {"checks": self._readiness.model_dump()}


class Stopping(ServiceUnavailable):
    """The process is about to stop: it still answers, but send requests elsewhere."""

    code = "stopping"
    detail = "The process is about to stop: it still answers, but send requests elsewhere."


CHECK_SECONDS = 2.0
"""For the database. Who asks does so every other second: the checks must not pile up."""

_logger = get_logger(__name__)


class HealthService:
    """Asks each part that the service needs."""

    def __init__(
        self, *, database: Database, limiter: SharedLimiter, stopping: asyncio.Event
    ) -> None:
        self._database = database
        self._limiter = limiter
        self._stopping = stopping

    async def check(self) -> Readiness:
        """How each part is. Raises NotReady when one fails, Stopping in a process that stops."""
        if self._stopping.is_set():
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
                await self._database.check_writable()
                revisions = await current_revisions(self._database)
        except AppError:  # logged by the database
            return PartStatus.FAILED, PartStatus.FAILED
        except (DBAPIError, TimeoutError):
            _logger.exception("health.database_failed")
            return PartStatus.FAILED, PartStatus.FAILED
        return PartStatus.OK, PartStatus.FAILED if is_behind(revisions) else PartStatus.OK

    async def _check_redis(self) -> PartStatus:
        match await self._limiter.is_store_usable():
            case None:
                return PartStatus.NOT_CONFIGURED
            case usable:
                return PartStatus.OK if usable else PartStatus.FAILED


async def get_health_service(resources: ResourcesDep) -> HealthService:
    """It needs no session of the request: it asks for one by itself."""
    return HealthService(database=resources.database, limiter=limiter, stopping=resources.stopping)


HealthServiceDep = Annotated[HealthService, Depends(get_health_service)]

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
