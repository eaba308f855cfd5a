"""Pure ASGI middleware: what surrounds every request, whatever its route."""

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
from app.core.errors import BadRequest, BodyTooLarge, InternalError
from app.core.ids import new_id
from app.core.logging import REQUEST_ID_MAX_LENGTH, bind_request_id, get_logger
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
"""Routes whose success is not logged, because probes ask for them every second."""

MAX_LENGTH_DIGITS: Final = 18

_REQUEST_ID_PATTERN: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{REQUEST_ID_MAX_LENGTH}}}")
_logger = get_logger(__name__)


class RequestContextMiddleware:
    """Middleware that gives each request its id, and logs it when its response starts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.templates: dict[Callable[..., Any] | None, str | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state[REQUEST_ID] = request_id
        bind_request_id(request_id)
        started = clock.monotonic()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
                route = self._template(scope)
                if status >= 400 or route not in QUIET_ROUTES:
                    _logger.info(
                        "request",
                        method=scope["method"],
                        route=route,
                        status=status,
                        duration_ms=round((clock.monotonic() - started) * 1000, 1),
                        user_id=state.get("user_id"),
                    )
            await send(message)

        await self.app(scope, receive, send_with_id)

    def _template(self, scope: Scope) -> str | None:
        """The path as its route declares it: paths themselves hold ids, and never end."""
        if not self.templates:
            routes = iter_route_contexts(scope["app"].routes)
            self.templates = {route.endpoint: route.path for route in routes if route.endpoint}
        return self.templates.get(scope.get("endpoint"))


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("X-Request-ID", "")
    return given if _REQUEST_ID_PATTERN.fullmatch(given) else str(new_id())


class SecurityHeadersMiddleware:
    """Adds the headers that every answer carries, where the route has not set its own."""

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
                message["headers"] += [each for each in self.headers if each[0] not in own]
                if b"etag" in own:
                    _forbid_transformation(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _forbid_transformation(headers: MutableHeaders) -> None:
    """Keep proxies from compressing a representation with a strong entity tag: they would have to
    drop or weaken the tag, which `If-Match` then refuses (RFC 9110 §8.8.1).
    """
    if headers["ETag"].startswith('"'):
        headers["Cache-Control"] += ", no-transform"


class RateLimitHeadersMiddleware:
    """Tells what is left of the budgets that the request drew on
    (draft-ietf-httpapi-ratelimit-headers-10).
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
    """Turns the plain text with which middleware of the framework refuses into problems."""

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
    """Logs what nothing expected, and answers 500. The innermost, so that the answer gets its
    CORS headers like any other.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_noticed)
        except Exception:
            _logger.exception("request.failed")
            if started:
                raise
            await problem_response(scope, InternalError)(scope, receive, send)


class BodyLimitMiddleware:
    """Refuses a body that declares itself too large, before anything is done for it. FastAPI's
    `max_body_size` counts those that do not declare their size, but lets the route run first.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            declared = Headers(scope=scope).get("Content-Length", "0")
            if not declared.isdecimal():
                await problem_response(scope, BadRequest)(scope, receive, send)
                return
            # By its length first: Python refuses to read a number of thousands of digits.
            if len(declared) > MAX_LENGTH_DIGITS or int(declared) > self.max_bytes:
                await problem_response(scope, BodyTooLarge)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def install_middleware(app: FastAPI, settings: Settings) -> None:
    """Add all middleware. The last one added is the outermost."""
    app.add_middleware(UnexpectedErrorMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.max_body_bytes)
    if settings.cors_origins:
        app.add_middleware(CrossOriginMiddleware, settings=settings)
    # A client may send a name in its absolute form, with a dot at its end (RFC 3986 §3.2.2).
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
