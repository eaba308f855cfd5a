"""Serves the application, and stops without losing a request."""

import signal
from contextlib import suppress

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core import clock
from app.core.config import Settings
from app.core.logging import get_logger
from app.runtime.resources import Resources

GRACE_SECONDS = 8
"""Within which requests end once the drain is over. Engines kill after ten, unless told otherwise:
give them the drain on top."""

KEEP_ALIVE_SECONDS = 125
"""Time for which an idle connection is kept. The proxy must keep it for less time, otherwise it
sends a request while this process closes the connection, and answers 502. Caddy's default, 120
seconds, is the longest of the common proxies.
"""

MAX_HEAD_BYTES = 65_536
"""Of a request line with its headers, and of trailers."""

_logger = get_logger(__name__)


class BoundedProtocol(HttpToolsProtocol):
    """Hangs up on headers that do not end: the parser would keep them all, whatever their size. And
    behind the answer to who asks for another protocol, which gets no other (RFC 9110 §7.8).
    """

    pending_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Parse what has come. A head that ends in it may be larger, by one read of the socket."""
        self.pending_bytes += len(data)
        super().data_received(data)
        if self.pending_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            _logger.warning("server.head_too_large")
            self.send_400_response("The headers are too large.")

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self.pending_bytes = 0
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # The parser would read its body as the next request.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Hand over a part of the body, which the application bounds."""
        self.pending_bytes = 0
        super().on_body(body)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: anybody may ask for one, as often as they like."""


class DrainingServer(uvicorn.Server):
    """Tells by `/readyz` that it stops, and goes on serving until a proxy had time to notice."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain_seconds: int) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._stops_at: float | None = None

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now: uvicorn asks ten times a second. A second SIGINT ends the drain."""
        if not await super().on_tick(counter):
            return False
        if self._stops_at is None:
            self._stops_at = clock.monotonic() + self._drain_seconds
            await self._begin_drain()
        return self.force_exit or clock.monotonic() >= self._stops_at

    async def _begin_drain(self) -> None:
        resources: Resources = self._app.state.resources
        resources.stopping.set()
        _logger.info("server.draining", seconds=self._drain_seconds)
        # A request on a kept connection could cross with our closing it, so that none is kept now.
        self.config.encoded_headers.append((b"connection", b"close"))
        await super().on_tick(0)  # which takes the headers over


def configuration(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",  # asked to switch, it answers like any request, and not past our middleware
        log_config=None,  # ours is in place already
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,  # TRUSTED_PROXIES decides, in the application
    )


def run(app: FastAPI, settings: Settings, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then drain, answer what was asked, and close everything."""
    config = configuration(app, host=host, port=port)
    server = DrainingServer(config, app, drain_seconds=settings.shutdown_drain_seconds)
    # uvicorn raises the signal again when it has stopped. By default SIGTERM would then end the
    # process as if it had been killed; this way both end it with 0.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.run()
