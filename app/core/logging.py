"""Logging: readable lines in development, one JSON object per line in production.

Lines contain the request's id, and never a secret, a token, a body or a query string.
"""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.core.config import Settings

REQUEST_ID_MAX_LENGTH = 64

SHARED_PROCESSORS: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logging(settings: Settings, *more: Processor) -> None:
    """Write all log lines, including those of libraries, to standard output.

    The processors in `more` apply to every line.
    """
    structlog.configure(
        processors=[*SHARED_PROCESSORS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter(*more, _renderer(production=settings.is_production)))
    root = logging.getLogger()
    root.handlers = [handler]
    # At DEBUG, libraries log statements with values. So only the logger `app` can have DEBUG.
    root.setLevel("INFO" if settings.log_level == "DEBUG" else settings.log_level)
    logging.getLogger("app").setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # RequestContextMiddleware logs requests instead, without the query string.
    logging.getLogger("uvicorn.access").disabled = True


def _formatter(*processors: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=SHARED_PROCESSORS,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _hide_rows,
            *processors,
        ],
    )


def _renderer(*, production: bool) -> Processor:
    if production:
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())


def _hide_rows(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Remove DETAIL from PostgreSQL's errors, because it can show a row with a password hash."""
    if "exception" in event:
        event["exception"] = re.sub(r"(?m)^DETAIL: .*$", "DETAIL: hidden", event["exception"])
    return event


def bind_request_id(request_id: str) -> None:
    """Add the request's id to all its log lines."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)


def current_request_id() -> str | None:
    """Return the id of this request, or of the request that created this outbox message."""
    request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
    return request_id


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module: `get_logger(__name__).info("session.revoked", …)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
