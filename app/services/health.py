"""Whether the service can do its work."""

import asyncio

from sqlalchemy.exc import DBAPIError

from app.core.database import Database
from app.core.errors import AppError
from app.core.logging import get_logger
from app.core.migrations import current_revisions, is_behind
from app.core.rate_limit import SharedLimiter
from app.schemas.health import NotReady, PartStatus, Readiness, Stopping

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
