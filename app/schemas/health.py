"""The service's health on the wire."""

from enum import StrEnum
from typing import Any, Literal

from app.core.errors import ServiceUnavailable
from app.schemas.base import Output


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
