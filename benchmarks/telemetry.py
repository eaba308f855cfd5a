"""Processor time per request that telemetry costs: `python -m benchmarks.telemetry`.

It calls `GET /users/me` over ASGI without a network, on SQLite, with a new process for each
measurement. All threads count, including the exporter's; the collector is another process. The
variants alternate, because the speed of a shared machine drifts, and are compared within a round.
"""

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.types import Message

from app.core.config import Settings
from app.main import create_app

API = "/api/v1"
PASSWORD = "correct horse battery staple"  # noqa: S105 -- guards nothing
WARM_UP_REQUESTS = 300

SHARES = {"off": None, "metrics": 0.0, "a tenth traced": 0.1, "all traced": 1.0}


class Sink(BaseHTTPRequestHandler):
    """Collector that discards all data."""

    def do_POST(self) -> None:
        """Handle an export."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the library's name
        """Log nothing."""


def collect(port: Connection) -> None:
    """Serve a collector, and send its port."""
    with HTTPServer(("127.0.0.1", 0), Sink) as server:
        port.send(server.server_port)
        server.serve_forever()


def measure(settings: Settings, requests: int) -> float:
    """Return the processor time per request, in microseconds."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        return asyncio.run(_measure(settings, requests))


async def _measure(settings: Settings, requests: int) -> float:
    app = create_app(settings)
    transport = ASGITransport(app)
    async with app.router.lifespan_context(app):
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            email = f"{secrets.token_hex(8)}@example.com"
            await client.post(f"{API}/users", json={"email": email, "password": PASSWORD})
            form = {"grant_type": "password", "username": email, "password": PASSWORD}
            tokens = (await client.post(f"{API}/auth/token", data=form)).json()
        for _ in range(WARM_UP_REQUESTS):
            await _send(app, tokens["access_token"])
        started = time.process_time()
        for _ in range(requests):
            await _send(app, tokens["access_token"])
        return (time.process_time() - started) / requests * 1e6


async def _send(app: FastAPI, token: str) -> None:
    """Call the application as a server does. A client would cost more than the telemetry."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{API}/users/me",
        "raw_path": f"{API}/users/me".encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(message["status"])

    await app(scope, receive, send)


def main(
    rounds: Annotated[int, typer.Option(help="Measurements of each variant.", min=1)] = 7,
    requests: Annotated[int, typer.Option(help="Requests of a measurement.", min=100)] = 2000,
) -> None:
    """Print the microseconds per request, and the ratio to a request without telemetry."""
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    collector = context.Process(target=collect, args=(sender,), daemon=True)
    collector.start()
    endpoint = f"http://127.0.0.1:{receiver.recv()}"
    costs: dict[str, list[float]] = {name: [] for name in SHARES}
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            _env_file=None,
            secret_key=secrets.token_urlsafe(48),
            database_url=f"sqlite:///{directory}/benchmark.db",
            limits_enabled=False,
        )
        environment = {
            "SECRET_KEY": settings.secret_key.get_secret_value(),
            "DATABASE_URL": settings.database_url.get_secret_value(),
        }
        migrate = [sys.executable, "-m", "app", "migrate"]
        subprocess.run(migrate, env=os.environ | environment, check=True, capture_output=True)  # noqa: S603 -- ours
        for _ in range(rounds):
            for name, share in SHARES.items():
                changes = {
                    "otel_exporter_otlp_endpoint": None if share is None else endpoint,
                    "otel_traces_sampler_arg": share or 0,
                }
                with ProcessPoolExecutor(1, mp_context=context) as pool:
                    job = pool.submit(measure, settings.model_copy(update=changes), requests)
                    costs[name].append(job.result())
    collector.kill()
    for name, times in costs.items():
        ratios = [cost / off for cost, off in zip(times, costs["off"], strict=True)]
        typer.echo(f"{name:15} {median(times):7.0f} us  x{median(ratios):.2f}")


if __name__ == "__main__":
    typer.run(main)
