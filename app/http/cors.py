"""Cross-origin requests: allowed origins, methods and headers (Fetch standard)."""

import re
from collections.abc import Iterator
from typing import Final

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.config import Settings
from app.core.errors import BadRequest
from app.http.problems import problem_response

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
REQUEST_HEADERS: Final = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "X-Request-ID",
    # Conditional requests.
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Range",
    # HTTP libraries of front ends add these to bypass caches, and to mark requests of scripts.
    "Cache-Control",
    "Pragma",
    "X-Requested-With",
    # Tracing adds these to each request: W3C Trace Context and Baggage, Sentry.
    "Baggage",
    "Sentry-Trace",
    "Traceparent",
    "Tracestate",
]
"""Request headers that a front end may send. `CORS_ALLOW_HEADERS` adds to them."""
EXPOSED_HEADERS: Final = [
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
]
"""Response headers that a front end may read."""
MAX_AGE_SECONDS: Final = 7200
"""Time for which browsers may cache a preflight, in seconds: the maximum of Chromium."""
MAX_NAMES: Final = 5
"""Maximum number of headers that a problem document names."""

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")


class CrossOriginMiddleware(CORSMiddleware):
    """CORS middleware whose response to a failed preflight lists the parts that are not allowed."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        super().__init__(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=[*REQUEST_HEADERS, *settings.cors_allow_headers],
            expose_headers=EXPOSED_HEADERS,
            max_age=MAX_AGE_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_preflight(scope):
            await super().__call__(scope, receive, send)
            return
        headers = Headers(scope=scope)
        response: Response = PlainTextResponse("OK", headers=self.preflight_headers)
        if faults := ", ".join(self._faults(headers)):
            detail = f"Not allowed for cross-origin requests: {faults}."
            response = problem_response(
                scope, BadRequest, members={"detail": detail}, headers=self.preflight_headers
            )
        if self.is_allowed_origin(headers["Origin"]):
            # Also on an error, because otherwise the browser does not show the problem document.
            response.headers["Access-Control-Allow-Origin"] = headers["Origin"]
        await response(scope, receive, send)

    def _faults(self, headers: Headers) -> Iterator[str]:
        """Yield each part of the preflight that is not allowed."""
        if not self.is_allowed_origin(headers["Origin"]):
            yield "this origin (see CORS_ORIGINS)"
        method = headers["Access-Control-Request-Method"]
        if method not in self.allow_methods:
            yield _describe("method", [method])
        requested = headers.get("Access-Control-Request-Headers", "").lower().split(",")
        names = [name for part in requested if (name := part.strip())]
        if rejected := [name for name in names if name not in self.allow_headers]:
            yield f"{_describe('headers', rejected)} (see CORS_ALLOW_HEADERS)"
        if "Access-Control-Request-Private-Network" in headers:
            yield "access to a private network"


def _is_preflight(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    is_requested = "Origin" in headers and "Access-Control-Request-Method" in headers
    return is_requested and scope["method"] == "OPTIONS"


def _describe(noun: str, names: list[str]) -> str:
    """Return the noun with the first valid names. Invalid names are not repeated."""
    tokens = [f"`{name}`" for name in names if _TOKEN.fullmatch(name)]
    if not tokens:
        return f"any {noun} with an invalid name"
    return f"the {noun} {' '.join(tokens[:MAX_NAMES])}"
