"""Limit of request bodies by their declared length."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.errors import BadRequest, BodyTooLarge
from app.http.problems import problem_response

MAX_LENGTH_DIGITS: Final = 18


class BodyLimitMiddleware:
    """Middleware that rejects a request whose `Content-Length` is too large.

    It does so before the route runs. FastAPI's `max_body_size` also limits bodies without a
    declared length, but only while the route runs.
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
            # The digits are counted first, because Python does not parse thousands of them.
            if len(declared) > MAX_LENGTH_DIGITS or int(declared) > self.max_bytes:
                await problem_response(scope, BodyTooLarge)(scope, receive, send)
                return
        await self.app(scope, receive, send)
