"""Composition root, which creates the application from its features."""

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
from app.core.names import TITLE
from app.features import FEATURES
from app.http import docs, health, index
from app.http.middleware import install_middleware
from app.http.openapi import complete
from app.http.problems import install_error_handlers
from app.http.rate_limit import install_rate_limits, limiter
from app.http.routing import include_routers
from app.outbox.worker import running_worker
from app.runtime.resources import open_resources
from app.runtime.telemetry_factory import create_telemetry

if TYPE_CHECKING:
    from app.runtime.telemetry import Telemetry

PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
VERSION: str = tomllib.loads(PYPROJECT)["project"]["version"]
DESCRIPTION = """A reference FastAPI backend.

Every error is a problem document (RFC 9457, `application/problem+json`) with a stable `code`.
"""
GC_THRESHOLD = 10_000
"""Number of new objects after which garbage is collected."""


class Application(FastAPI):
    """FastAPI application whose OpenAPI document declares all error responses."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document, which is created once."""
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def create_app(settings: Settings) -> FastAPI:
    """Return the application. It opens no connection before its lifespan begins."""
    telemetry = create_telemetry(settings)
    configure_logging(settings, *([telemetry.add_trace_ids] if telemetry else []))
    app = Application(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        contact={"name": TITLE, "url": settings.link("")},
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        openapi_tags=_tags(),
        lifespan=_lifespan(settings, telemetry),
        telemetry=_signals(telemetry),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would contain `Host`, which clients choose
        generate_unique_id_function=_operation_id,
    )
    install_middleware(app, settings)
    install_error_handlers(app)
    install_rate_limits(app)
    _include_routes(app, settings)
    return app


def _include_routes(app: FastAPI, settings: Settings) -> None:
    """Add the routes of all features and of the platform.

    Features that depend on others come first, because clients request them most and routes are
    searched in order. The size of bodies is limited per router, because the application's own limit
    responds outside of the middleware, without request id and security headers.
    """
    routers = [feature.router for feature in reversed(FEATURES) if feature.router]
    include_routers(app, routers, max_body_bytes=settings.max_body_bytes)
    for platform in (health, docs, index):
        app.include_router(platform.router)


def _tags() -> list[dict[str, str]]:
    """Return the tags of the OpenAPI document, in the order of the features."""
    tags = {"health": "Liveness of the process, and readiness to serve."}
    tags |= {feature.tag: feature.description for feature in FEATURES if feature.description}
    return [{"name": name, "description": description} for name, description in tags.items()]


def _signals(telemetry: "Telemetry | None") -> TelemetryConfig:
    """Return the signals that FastAPI records.

    Every option is set, because the environment would decide an absent one.
    """
    return {
        "tracer_provider": telemetry.tracer_provider if telemetry else None,
        "meter_provider": telemetry.meter_provider if telemetry else None,
        "tracing": telemetry is not None,
        "metrics": telemetry is not None,
        "logs": False,  # because they contain the messages of exceptions
        "operation_spans": False,  # because five in each request cost as much as all others
        "auto_configure": False,
    }


def _lifespan(
    settings: Settings, telemetry: "Telemetry | None"
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_resources(settings, FEATURES) as resources,
            telemetry.exported(resources) if telemetry else nullcontext(),
        ):
            app.state.resources = resources
            await resources.passwords.warm_up()
            known_revisions()  # read from disk now instead of by the first /readyz
            # Frozen objects are not searched in each collection. Those of the start-up remain.
            gc.collect()
            gc.freeze()
            # By default each request causes several collections, which free nothing.
            gc.set_threshold(GC_THRESHOLD)
            embedded = running_worker(resources) if settings.outbox_embedded else nullcontext()
            with limiter.using(resources.rate_limiter):
                async with embedded as worker:
                    if telemetry and worker:
                        worker.report_lag_to(telemetry)
                    yield

    return lifespan


def _operation_id(route: APIRoute) -> str:
    return f"{route.tags[0]}-{route.name}" if route.tags else route.name
