"""Middleware that rewrites requests before they are routed."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """Answers HEAD like GET, without the body (RFC 9110 §9.3.2).

    Routes do not register HEAD themselves, because the OpenAPI document would then declare each
    operation twice. Everything inside sees GET; the access log and the server, which omits the
    framing of the body, see HEAD.
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
                # A stream may never end, so that its first part already ends the response.
                ended = True
                await send({"type": "http.response.body"})

        await self.app(as_get, receive, send_without_body)
