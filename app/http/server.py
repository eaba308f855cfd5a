"""HTTP server that stops without losing a request."""

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
"""Time for requests to finish after the drain, in seconds. Container engines kill a process 10 s
after SIGTERM by default, so raise their time limit by the time of the drain.
"""

KEEP_ALIVE_SECONDS = 125
"""Time for which an idle connection is kept, in seconds. The proxy must keep it for less time.
Otherwise it may send a request while this process closes the connection, and respond with 502.
Caddy's default, 120 seconds, is the longest of the common proxies.
"""

MAX_HEAD_BYTES = 65_536
"""Maximum size of a request line with its headers, and of trailers, in bytes."""

_logger = get_logger(__name__)


class BoundedProtocol(HttpToolsProtocol):
    """HTTP protocol that limits the size of request headers, which httptools does not.

    It also closes the connection after responding to an `Upgrade` request, because no other
    protocol is supported (RFC 9110 §7.8).
    """

    pending_bytes = 0
    """Number of bytes received since the last complete head or part of a body."""

    def data_received(self, data: bytes) -> None:
        """Parse received data. The headers may exceed the limit by the data of one socket read."""
        self.pending_bytes += len(data)
        super().data_received(data)
        if self.pending_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            _logger.warning("server.head_too_large")
            self.send_400_response("The headers are too large.")

    def on_headers_complete(self) -> None:
        """Start to process the request."""
        self.pending_bytes = 0
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # The parser would read the request's body as the next request.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Handle a part of the body, whose size the application limits."""
        self.pending_bytes = 0
        super().on_body(body)

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing, because any client can send `Upgrade` any number of times."""


class DrainingServer(uvicorn.Server):
    """Server that fails `/readyz` before it stops, and still serves during the drain."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain_seconds: int) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._stops_at: float | None = None

    async def on_tick(self, counter: int) -> bool:
        """Return True to stop now. uvicorn calls it every 0.1 s. A second SIGINT ends the drain."""
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
        # Keep no connection, because a request could arrive while a kept one is being closed.
        self.config.encoded_headers.append((b"connection", b"close"))
        await super().on_tick(0)  # applies the changed headers


def configuration(app: FastAPI, *, host: str, port: int) -> uvicorn.Config:
    """Return uvicorn's configuration."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedProtocol,
        ws="none",  # `Upgrade: websocket` is then handled like any other request
        log_config=None,  # configure_logging has been called
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,  # ProxyHeadersMiddleware applies TRUSTED_PROXIES
    )


def run(app: FastAPI, settings: Settings, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then drain, finish all requests and close everything."""
    config = configuration(app, host=host, port=port)
    server = DrainingServer(config, app, drain_seconds=settings.shutdown_drain_seconds)
    # uvicorn raises the signal again when it has stopped. By default SIGTERM would then kill the
    # process; with this handler both signals end it with 0.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        server.run()
