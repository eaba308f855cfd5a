"""The composition root: everything comes together here, and nothing is open until it is served."""

import gc
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig

from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.migrations import ROOT, known_revisions
from app.http import docs, health, index
from app.http import routing as v1
from app.http.middleware import install_middleware
from app.http.openapi import complete
from app.http.problems import install_error_handlers
from app.http.rate_limit import install_rate_limits, limiter
from app.outbox.worker import Worker, running_worker
from app.runtime.resources import open_resources

if TYPE_CHECKING:
    from app.core.telemetry import Telemetry

TITLE = "Plumbline"
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
VERSION: str = tomllib.loads(PYPROJECT)["project"]["version"]
DESCRIPTION = """A reference FastAPI backend.

Every error is a problem document (RFC 9457, `application/problem+json`) with a stable `code`.
"""
TAGS = {
    "health": "Whether the process lives, and whether it can work.",
    "auth": "Log-in, sessions, and what is mailed to prove an address.",
    "users": "Accounts: one's own, and for admins all of them.",
    "projects": "Projects, and what was done in them.",  # example
    "members": "Who works in a project, and in which role.",  # example
    "tags": "The tags of a project.",  # example
    "tasks": "The tasks of a project.",  # example
}

GC_THRESHOLD = 10_000
"""Objects that are made and not deleted before garbage is looked for."""


class Application(FastAPI):
    """FastAPI, with our error answers in its document."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def create_app(settings: Settings) -> FastAPI:
    """The application for these settings. It opens nothing before its lifespan begins."""
    telemetry = make_telemetry(settings)
    configure_logging(settings, *([telemetry.add_trace_ids] if telemetry else []))
    app = Application(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        contact={"name": TITLE, "url": settings.link("")},
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        openapi_tags=[{"name": name, "description": told} for name, told in TAGS.items()],
        lifespan=_lifespan(settings, telemetry),
        telemetry=_signals(telemetry),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would carry the request's Host, which lies
        generate_unique_id_function=_operation_id,
    )
    install_middleware(app, settings)
    install_error_handlers(app)
    install_rate_limits(app)
    # Bodies are bounded where routers are included, not on the application: there its plain-text
    # refusal would stand around our middleware, without request id and security headers.
    v1.include_routers(app, max_body_bytes=settings.max_body_bytes)
    app.include_router(health.router)
    app.include_router(docs.router)
    app.include_router(index.router)
    return app


def make_telemetry(settings: Settings) -> "Telemetry | None":
    """What measures and traces this process, if the settings say where that goes."""
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    from app.core.telemetry import Telemetry  # noqa: PLC0415 -- 90 ms that only its users pay

    return Telemetry(settings)


def watch(worker: Worker, telemetry: "Telemetry") -> None:
    """Measure from now on how far the worker is behind."""
    told = "Seconds that the oldest message has waited."
    telemetry.gauge("app.outbox.lag", told, lambda: worker.lag_seconds)


def _signals(telemetry: "Telemetry | None") -> TelemetryConfig:
    """What FastAPI measures. It is told in full: what is left open, the environment would decide,
    and others' instrumentation, which knows nothing of what is secret here.
    """
    return {
        "tracer_provider": telemetry.tracer_provider if telemetry else None,
        "meter_provider": telemetry.meter_provider if telemetry else None,
        "tracing": telemetry is not None,
        "metrics": telemetry is not None,
        "logs": False,  # they would carry the messages of exceptions
        "operation_spans": False,  # five for each request, and as dear as all the rest
        "auto_configure": False,
    }


def _lifespan(
    settings: Settings, telemetry: "Telemetry | None"
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_resources(settings) as resources,
            limiter.open(settings),
            telemetry.exported(resources, limiter) if telemetry else nullcontext(),
        ):
            app.state.resources = resources
            await resources.passwords.warm_up()
            known_revisions()  # read from disk now, not by the first /readyz
            # What start-up made stays for good: without this, each full collection walks it all.
            gc.collect()
            gc.freeze()
            # By default each request causes several collections, which find nothing.
            gc.set_threshold(GC_THRESHOLD)
            embedded = running_worker(resources) if settings.outbox_embedded else nullcontext()
            async with embedded as worker:
                if telemetry and worker:
                    watch(worker, telemetry)
                yield

    return lifespan


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}-{route.name}" if route.tags else route.name
