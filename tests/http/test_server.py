"""Server: its shutdown under load, the requests that it rejects, and its keep-alive time."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from httpx import AsyncClient
from sqlmodel import text

from app.core.config import Settings
from app.core.database_engine import create_engine
from app.core.migrations import ROOT
from app.http.server import KEEP_ALIVE_SECONDS, configuration
from app.main import create_app
from tests.conftest import WORKER, empty_database, upgrade
from tests.support.factories import API, PASSWORD, registration, request_token

CLIENTS = 4
DRAIN_SECONDS = 1
MAX_WAIT_SECONDS = 60
MEGABYTE = 1_000_000
CONNECTIONS = text("""
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


@pytest.fixture
async def database_of_its_own(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> AsyncIterator[str]:
    """Yield the URL of a new migrated database, and set it in the environment."""
    monkeypatch.chdir(tmp_path)
    async with empty_database(f"{WORKER}_server", tmp_path) as url:
        await upgrade(url)
        monkeypatch.setenv("SECRET_KEY", settings.secret_key.get_secret_value())
        monkeypatch.setenv("DATABASE_URL", url)
        if settings.redis_url:
            monkeypatch.setenv("REDIS_URL", settings.redis_url.get_secret_value())
        monkeypatch.setenv("ARGON2_MEMORY_KIB", str(settings.argon2_memory_kib))
        # A Redis that is not flushed counts the registrations of all runs in an hour.
        for name in ("LIMIT_GENERAL", "LIMIT_REGISTRATION"):
            monkeypatch.setenv(name, "999999/second")
        monkeypatch.setenv("SHUTDOWN_DRAIN_SECONDS", str(DRAIN_SECONDS))
        yield url


class Service:
    """Process that runs `python -m app serve`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.log = ""

    async def wait_for_line(self, part: str) -> None:
        """Read the log up to a line that contains the part."""
        assert self.process.stdout is not None
        while part not in self.log:
            line = await self.process.stdout.readline()
            assert line, f"{part!r} is not in the log: {self.log}"
            self.log += line.decode()

    def client(self) -> AsyncClient:
        return AsyncClient(base_url=self.url, timeout=MAX_WAIT_SECONDS, trust_env=False)


@asynccontextmanager
async def served() -> AsyncIterator[Service]:
    """Yield the started service, and kill it if the test fails."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    service = Service(process, port)
    try:
        await service.wait_for_line("Uvicorn running")
        yield service
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def count_connections(url: str) -> int:
    """Return the number of other connections to this PostgreSQL database."""
    engine = create_engine(url, pool_size=1)
    async with engine.connect() as connection:
        count: int = (await connection.execute(CONNECTIONS)).scalar_one()
    await engine.dispose()
    return count


@pytest.mark.usefixtures("database_of_its_own")
async def test_sigterm_makes_the_server_not_ready_and_loses_no_request(
    database_of_its_own: str,
) -> None:
    under_load, half_sent = asyncio.Barrier(CLIENTS + 1), asyncio.Event()
    not_ready, closed = asyncio.Event(), asyncio.Event()

    async def use(headers: dict[str, str]) -> set[int]:
        async with service.client() as client:
            statuses = {(await client.get(f"{API}/users/me", headers=headers)).status_code}
            await under_load.wait()
            while not not_ready.is_set():
                statuses.add((await client.get(f"{API}/users/me", headers=headers)).status_code)
            for _ in range(3):
                statuses.add((await client.get(f"{API}/users/me", headers=headers)).status_code)
        return statuses

    async def body() -> AsyncIterator[bytes]:
        yield b'{"email": "slow@example.com", '
        half_sent.set()
        await closed.wait()
        yield f'"password": "{PASSWORD}"}}'.encode()

    async def register_slowly(client: AsyncClient) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return await client.post(f"{API}/users", content=body(), headers=headers)

    async with asyncio.timeout(MAX_WAIT_SECONDS), served() as service:
        async with service.client() as client, asyncio.TaskGroup() as group:
            user = registration()
            await client.post(f"{API}/users", json=user)
            login = await request_token(client, str(user["email"]))
            headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
            users = [group.create_task(use(headers)) for _ in range(CLIENTS)]
            slow = group.create_task(register_slowly(client))
            await under_load.wait()
            await half_sent.wait()
            before = await client.get("/readyz")

            service.process.send_signal(signal.SIGTERM)

            while (readiness := await client.get("/readyz")).status_code == 200:
                pass
            not_ready.set()
            await asyncio.gather(*users)
            await service.wait_for_line("Waiting for connections to close")
            with pytest.raises(httpx.ConnectError):
                await client.get("/livez")
            closed.set()
        await service.wait_for_line("Application shutdown complete")
        exit_code = await service.process.wait()
        while "TEST_DATABASE_URL" in os.environ and await count_connections(database_of_its_own):
            pass

    assert before.status_code == 200
    assert (readiness.status_code, readiness.json()["code"]) == (503, "stopping")
    assert readiness.headers["Connection"] == "close"
    assert [task.result() for task in users] == [{200}] * CLIENTS
    assert slow.result().status_code == 201
    assert exit_code == 0
    assert "server.draining" in service.log


async def test_the_server_keeps_idle_connections_longer_than_caddy(settings: Settings) -> None:
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text()

    [proxy_seconds] = re.findall(r"^\s+keepalive (\d+)s$", caddyfile, re.MULTILINE)
    server_seconds = configuration(
        create_app(settings), host="127.0.0.1", port=0
    ).timeout_keep_alive

    assert int(proxy_seconds) < server_seconds == KEEP_ALIVE_SECONDS


HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"
BODY = f"POST {API}/users HTTP/1.1\r\nHost: localhost\r\n".encode()
BODY += b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n"
ENDLESS = {
    "a header": HEAD + b"X-Long: " + b"x" * MEGABYTE,
    "headers": HEAD + b"X-Many: x\r\n" * (MEGABYTE // 11),
    "a path": b"GET /livez?" + b"x" * MEGABYTE,
    "a trailer": BODY + b"X-Long: " + b"x" * MEGABYTE,
}


@pytest.mark.usefixtures("database_of_its_own")
async def test_headers_paths_and_trailers_without_end_are_rejected() -> None:
    lines = {}
    async with asyncio.timeout(MAX_WAIT_SECONDS), served() as service:
        for kind, request in ENDLESS.items():
            lines[kind] = await first_line(service, request)
        async with service.client() as client:
            response = await client.post("/livez", content=b"x" * MEGABYTE)

    # The response is lost if the service closes the connection while the client is still sending.
    assert {*lines.values()} <= {b"", b"HTTP/1.1 400 Bad Request\r\n"}, lines
    assert response.status_code == 405


@pytest.mark.usefixtures("database_of_its_own")
async def test_a_request_to_upgrade_gets_one_http_response_and_no_other_protocol() -> None:
    hidden = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    heads, rests = {}, {}
    async with asyncio.timeout(MAX_WAIT_SECONDS), served() as service:
        for protocol in ("websocket", "h2c"):
            request = f"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nUpgrade: {protocol}\r\n"
            request += f"Connection: Upgrade\r\nContent-Length: {len(hidden)}\r\n\r\n"
            reader, writer = await open_connection(service)
            writer.write(request.encode())
            heads[protocol] = await reader.readuntil(b"\r\n\r\n")
            with suppress(ConnectionError):
                writer.write(hidden)
                rests[protocol] = await reader.read()
            writer.transport.abort()

    for head in heads.values():
        assert head.startswith(b"HTTP/1.1 404 Not Found\r\n")
        assert b"x-content-type-options: nosniff" in head.lower()
    assert b"HTTP/1.1" not in b"".join(rests.values())


async def open_connection(service: Service) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a new connection, for a request that HTTP clients cannot send."""
    _, _, port = service.url.rpartition(":")
    return await asyncio.open_connection("127.0.0.1", int(port))


async def first_line(service: Service, request: bytes) -> bytes:
    """Return the first line of the response, or nothing if the service closes the connection."""
    reader, writer = await open_connection(service)
    line = b""
    with suppress(ConnectionError):
        writer.write(request)
        await writer.drain()
        line = await reader.readline()
    writer.transport.abort()
    return line
