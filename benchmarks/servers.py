"""Shared parts of the speed benchmarks: a database, servers on it, and load created by `wrk`."""

import asyncio
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
API = "/api/v1"
DATABASE = "plumbline_bench_speed"
EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"  # noqa: S105 -- guards nothing
CONNECTIONS = 32
START_SECONDS = 30.0
STOP_SECONDS = 15.0
NEVER = "999999/second"

SERVE = ("-m", "app", "serve", "--port")
SERVE_BARE = ("-m", "benchmarks.bare_server")

# wrk measures in microseconds. `delay` returns the pause of a connection in milliseconds.
WRK_SCRIPT = """
local calls, requests, turn = {%(calls)s}, {}, 0
function init() for i, call in ipairs(calls) do requests[i] = wrk.format(unpack(call)) end end
function request() turn = turn %% #requests + 1; return requests[turn] end
%(delay)s
function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local form = '{"requests": %%d, "seconds": %%f, "p50": %%f, "p99": %%f, "failed": %%d}'
  print("\\nRESULT " .. form:format(summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
"""


@dataclass(frozen=True)
class Call:
    """Request that can be sent repeatedly."""

    name: str
    method: str
    path: str
    body: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Load:
    """Results and cost of one run of wrk."""

    requests: int
    seconds: float
    p50: float
    """Median duration of the requests, in milliseconds."""
    p99: float
    """99th percentile of the duration of the requests, in milliseconds."""
    failed: int
    cpu_seconds: float
    """Processor time of all processes of the server, in seconds."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu(self) -> float:
        """Processor time per request, in microseconds."""
        return self.cpu_seconds / self.requests * 1e6


class Server:
    """Server with its processes."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self.pid = process.pid
        self._process = process

    def ask(self, call: Call, token: str | None = None) -> bytes:
        """Send the request and return the response body. End the benchmark on an error."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(call.body) if call.body else None
        return self._send(call, headers if token else {}, body)

    def log_in(self) -> str:
        """Log in and return a new access token."""
        form = urlencode({"grant_type": "password", "username": EMAIL, "password": PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        pair = self._send(Call("log-in", "POST", f"{API}/auth/token"), headers, form)
        return str(json.loads(pair)["access_token"])

    def _send(self, call: Call, headers: Mapping[str, str], body: str | None) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=START_SECONDS)
        connection.request(call.method, call.path, body, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        if response.status >= 400:
            sys.exit(f"{call.method} {call.path} returned {response.status}: {content.decode()}")
        return content

    def load(
        self, calls: Sequence[Call], token: str, *, seconds: float, delay_ms: float = 0
    ) -> Load:
        """Run wrk. Each connection repeats the calls in turn, with a pause of about `delay_ms`."""
        headers = f'{{["Authorization"]="Bearer {token}", ["Content-Type"]="application/json"}}'
        written = [
            f"{{{json.dumps(call.method)}, {json.dumps(call.path)}, {headers}, "
            f"{json.dumps(json.dumps(call.body)) if call.body else 'nil'}}}"
            for call in calls
        ]
        delay = f"function delay() return {delay_ms:.3f} end" if delay_ms else ""
        script = WRK_SCRIPT % {"calls": ", ".join(written), "delay": delay}
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script)
            file.flush()
            command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", file.name]
            before = self._cpu_seconds()
            ran = subprocess.run(  # noqa: S603 -- ours
                [*command, f"http://{HOST}:{self.port}"], capture_output=True, text=True, check=True
            )
            spent = self._cpu_seconds() - before
        return Load(**json.loads(ran.stdout.partition("RESULT ")[2]), cpu_seconds=spent)

    def resident_megabytes(self) -> float:
        """Return the resident memory of all processes of the server (VmRSS, proc_pid_status(5))."""
        fields = [Path(f"/proc/{pid}/status").read_text().split() for pid in self._pids()]
        return sum(int(words[words.index("VmRSS:") + 1]) for words in fields) * 1024 / 1e6

    def stop(self) -> None:
        """Stop the server."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _cpu_seconds(self) -> float:
        """Return the user and system time of all processes so far (see proc_pid_stat(5))."""
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


class Servers:
    """Starter of servers, configured as in production, on a database of the benchmark."""

    def __init__(self, url: URL, directory: str) -> None:
        self._directory = directory
        # Everything is enabled, but the rate limits are so high that no load reaches them.
        self._environment = {
            "PYTHONPATH": str(ROOT),
            "ENVIRONMENT": "production",
            "PUBLIC_URL": "https://app.example.com",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "ALLOWED_HOSTS": HOST,
            "MAIL_BACKEND": "smtp",
            "LIMIT_GENERAL": NEVER,
            "LIMIT_TOKEN": NEVER,
            "ADMIN_PASSWORD": PASSWORD,
        }

    def run(self, *arguments: str) -> None:
        """Run `python` with these arguments, and end the benchmark if it fails."""
        if self._start(arguments).wait() != 0:
            sys.exit(f"`python {' '.join(arguments)}` failed:\n{self._log()}")

    @contextmanager
    def serve(
        self, *command: str, port: int | None = None, asked: Call | None = None, token: str = ""
    ) -> Iterator[Server]:
        """Run `python … PORT`, and yield the server as soon as it responds to the call `asked`."""
        port = port or free_port()
        server = Server(self._start([*command, str(port)]), port)
        try:
            self._await(server, asked or Call("ready", "GET", "/readyz"), token)
            yield server
        finally:
            server.stop()

    def _await(self, server: Server, asked: Call, token: str) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            with suppress(OSError):
                server.ask(asked, token)
                return
            time.sleep(0.01)
        sys.exit(f"The server did not start:\n{self._log()}")

    def _start(self, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        # Not in the project's directory, which may contain an `.env`.
        with Path(self._directory, "log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 -- ours
                [sys.executable, *arguments],
                cwd=self._directory,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def _log(self) -> str:
        return Path(self._directory, "log").read_text()[-4000:]


@contextmanager
def open_servers(server: str) -> Iterator[Servers]:
    """Create a migrated database with one admin on a PostgreSQL server, and drop it at the end."""
    url = make_url(server).set(drivername="postgresql+asyncpg")
    maintenance, own = url.set(database="postgres"), url.set(database=DATABASE)
    drop = f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"
    asyncio.run(execute(maintenance, drop, f"CREATE DATABASE {DATABASE}"))
    try:
        with tempfile.TemporaryDirectory() as directory:
            servers = Servers(own.set(drivername="postgresql"), directory)
            servers.run("-m", "app", "migrate")
            servers.run("-m", "app", "create-admin", EMAIL)
            yield servers
    finally:
        asyncio.run(execute(maintenance, drop))


async def execute(url: URL, *statements: str) -> None:
    """Execute statements outside a transaction."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
