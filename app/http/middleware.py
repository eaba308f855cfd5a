"""Pure ASGI middleware that handles every request, independent of its route."""

import re
from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.core import clock
from app.core.config import Settings
from app.core.errors import BadRequest, InternalError
from app.core.ids import new_id
from app.core.logging import REQUEST_ID_MAX_LENGTH, bind_request_id, get_logger
from app.http.body_limit import BodyLimitMiddleware
from app.http.cors import CrossOriginMiddleware
from app.http.problems import FRAMEWORK_ERRORS, PROBLEM_MEDIA_TYPE, REQUEST_ID, problem_response
from app.http.rate_limit import limiter
from app.http.rewrites import HeadMiddleware, PrefixMiddleware

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
HSTS: Final = "max-age=63072000; includeSubDomains"

QUIET_ROUTES: Final = {"/livez", "/readyz"}
"""Routes whose successful requests are not logged, because probes send them every second."""

_REQUEST_ID_PATTERN: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{REQUEST_ID_MAX_LENGTH}}}")
_logger = get_logger(__name__)


class RequestContextMiddleware:
    """Middleware that sets the id of each request and logs it when its response starts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.templates: dict[Callable[..., Any] | None, str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})[REQUEST_ID] = request_id
        bind_request_id(request_id)
        started = clock.monotonic()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                self._log(scope, message["status"], clock.monotonic() - started)
            await send(message)

        await self.app(scope, receive, send_with_id)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        """Log a request, unless it is a successful request of a probe."""
        route = self._template(scope)
        if status >= 400 or route not in QUIET_ROUTES:
            _logger.info(
                "request",
                method=scope["method"],
                route=route,
                status=status,
                duration_ms=round(seconds * 1000, 1),
                user_id=scope["state"].get("user_id"),
            )

    def _template(self, scope: Scope) -> str | None:
        """Return the path template of the route, because paths contain ids and are unbounded."""
        if not self.templates:
            routes = iter_route_contexts(scope["app"].routes)
            self.templates = {route.endpoint: route.path for route in routes if route.endpoint}
        return self.templates.get(scope.get("endpoint"))


def _request_id(scope: Scope) -> str:
    request_id = Headers(scope=scope).get("X-Request-ID", "")
    return request_id if _REQUEST_ID_PATTERN.fullmatch(request_id) else str(new_id())


class SecurityHeadersMiddleware:
    """Middleware that adds security headers to each response, unless its route has set them."""

    def __init__(self, app: ASGIApp, *, production: bool) -> None:
        self.app = app
        headers = {**SECURITY_HEADERS}
        if production:
            headers["Strict-Transport-Security"] = HSTS
        self.headers = Headers(headers).raw

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] += [header for header in self.headers if header[0] not in own]
                if b"etag" in own:
                    _forbid_transformation(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _forbid_transformation(headers: MutableHeaders) -> None:
    """Add `no-transform` to a response with a strong entity tag, so that no proxy compresses it.

    A proxy would have to remove or weaken the tag, and `If-Match` would fail (RFC 9110 §8.8.1).
    """
    if headers["ETag"].startswith('"'):
        headers["Cache-Control"] += ", no-transform"


class RateLimitHeadersMiddleware:
    """Middleware that adds headers with each rate limit of the request and its remaining budget.

    The headers follow draft-ietf-httpapi-ratelimit-headers-10.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_budgets(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for budget in limiter.budgets(scope["state"]):
                    policy = f'"{budget.policy}";q={budget.limit};w={budget.window_seconds}'
                    left = f'"{budget.policy}";r={budget.remaining};t={budget.reset_seconds}'
                    headers.append("RateLimit-Policy", policy)
                    headers.append("RateLimit", left)
            await send(message)

        await self.app(scope, receive, send_with_budgets)


class ProblemMiddleware:
    """Middleware that replaces the framework's plain-text errors with problem documents."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] >= 400:
                content_type = Headers(raw=message["headers"]).get("Content-Type")
                if content_type != PROBLEM_MEDIA_TYPE:
                    replaced = True
                    error = FRAMEWORK_ERRORS.get(message["status"], BadRequest)
                    response = problem_response(scope, error, status=message["status"])
                    await response(scope, receive, send)
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_problem)


class UnexpectedErrorMiddleware:
    """Middleware that logs unexpected exceptions and responds with 500.

    It is the innermost middleware, so that the others add their headers to its response.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception:
            _logger.exception("request.failed")
            if started:
                raise
            await problem_response(scope, InternalError)(scope, receive, send)


def install_middleware(app: FastAPI, settings: Settings) -> None:
    """Add all middleware. The last one added is the outermost."""
    app.add_middleware(UnexpectedErrorMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes)
    if settings.cors_origins:
        app.add_middleware(CrossOriginMiddleware, settings=settings)
    # A client may send the absolute form of a name, which ends with a dot (RFC 3986 §3.2.2).
    hosts = [form for host in settings.allowed_hosts for form in (host, f"{host}.")]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    app.add_middleware(
        ProxyHeadersMiddleware, trusted_hosts=[str(network) for network in settings.trusted_proxies]
    )
    app.add_middleware(ProblemMiddleware)
    app.add_middleware(RateLimitHeadersMiddleware)
    app.add_middleware(SecurityHeadersMiddleware, production=settings.is_production)
    if settings.root_path:
        app.add_middleware(PrefixMiddleware, prefix=settings.root_path)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(RequestContextMiddleware)
