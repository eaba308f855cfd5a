"""Middleware that rewrites requests before they are routed."""

from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """Middleware that handles HEAD like GET, without the body (RFC 9110 §9.3.2).

    Routes do not register HEAD themselves, because the OpenAPI document would then declare each
    operation twice. The middleware and routes inside see GET. The access log and the server see
    HEAD, so that the server does not frame a body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}
        ended = False

        async def send_without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                scope["endpoint"] = as_get.get("endpoint")  # the access log looks it up
                await send(message)
            elif not ended:
                # End the response at its first part, because a stream may be endless.
                ended = True
                await send({"type": "http.response.body"})

        await self.app(as_get, receive, send_without_body)


class PrefixMiddleware:
    """Middleware that serves the application below ROOT_PATH.

    It accepts requests with and without the prefix, because some proxies remove it. For the
    middleware and routes inside, `path` always begins with the prefix and `root_path` is the
    prefix, as ASGI requires. Routes set `Location` without the prefix, which is added here.
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self.app = app
        self.prefix = prefix
        self.paths: set[str] = set()
        self.first_segments: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["root_path"] = self.prefix
        if not self._has_prefix(scope):
            scope["path"] = f"{self.prefix}{scope['path']}"
        elif scope["path"] == self.prefix:
            scope["path"] = f"{self.prefix}/"

        async def send_with_prefix(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Location", "").startswith("/"):
                    headers["Location"] = f"{self.prefix}{headers['Location']}"
            await send(message)

        await self.app(scope, receive, send_with_prefix)

    def _has_prefix(self, scope: Scope) -> bool:
        """Return True if the path still has the prefix, because the proxy has not removed it."""
        path = scope["path"]
        if not f"{path}/".startswith(f"{self.prefix}/"):
            return False
        if not self.paths:
            routes = iter_route_contexts(scope["app"].routes)
            self.paths = {route.path for route in routes if route.path}
            self.first_segments = {_first_segment(path) for path in self.paths}
        if path == self.prefix:
            # A prefix such as `/livez` may equal a route that probes request without a prefix.
            return path not in self.paths
        # With a prefix such as `/api`, routes of this service also begin with the prefix.
        rest = path.removeprefix(self.prefix)
        return (
            _first_segment(rest) in self.first_segments
            or _first_segment(path) not in self.first_segments
        )


def _first_segment(path: str) -> str:
    return path.split("/")[1] if "/" in path else ""
