"""Programs in which faults are injected: PostgreSQL, PgBouncer, Redis and the service."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.database_engine import create_engine
from app.core.migrations import ROOT

HOST = "127.0.0.1"
ANSWER_SECONDS = 30.0
"""Time-out of a client, in seconds."""
WAIT_SECONDS = 60.0
MAX_CONNECTIONS = 25
RESERVED_CONNECTIONS = 3
"""Number of PostgreSQL's connections that only superusers can use."""
POOL_SIZE = 5
DATABASE_PASSWORD = secrets.token_hex(8)
"""Password in the database URL. PostgreSQL ignores it, but the log must not contain it."""
SECRET_KEY = secrets.token_urlsafe(48)


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


RUNNING: dict[int, signal.Signals] = {}
"""Running processes by id, with the signals that end them."""


class Program:
    """Program that can be started, stopped, paused and started again."""

    def __init__(
        self,
        *command: str,
        ready: str | None,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        end: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.command = command
        self.log: list[str] = []
        self.is_up = asyncio.Event()
        """Set from the start of the program to its end, also while it is paused."""
        self._ready = ready
        self._end = end
        self._directory = directory
        self._environment = environment
        self._as_user: dict[str, Any] = as_user(user)
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._written = asyncio.Condition()

    @property
    def process(self) -> Process:
        """The most recently started process."""
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        """Start the program, and wait for its ready line, if it has one."""
        begin = len(self.log)
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=self._directory,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,  # Ctrl-C must reach only pytest, which ends the programs
            limit=1_000_000,
            **self._as_user,
        )
        RUNNING[self._process.pid] = self._end
        self._reading = asyncio.create_task(self._read(self._process))
        if self._ready is not None:
            await self.wait_for_line(self._ready, after=begin)
        self.is_up.set()

    async def stop(self, number: signal.Signals | None = None) -> None:
        """Send the signal, by default the program's own, and wait until the program has ended."""
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.send_signal(number or self._end)
        await self._process.wait()
        RUNNING.pop(self._process.pid, None)
        self.is_up.clear()
        assert self._reading is not None
        await self._reading

    async def wait_for_line(self, part: str, *, after: int = 0) -> None:
        """Wait for a line that contains `part`, except among the first `after` lines of the log."""

        def is_written() -> bool:
            return any(part in line for line in self.log[after:])

        async with asyncio.timeout(WAIT_SECONDS), self._written:
            await self._written.wait_for(lambda: is_written() or self._has_ended())
        assert is_written(), f"{self.command[0]} wrote no {part!r}: {''.join(self.log[-20:])}"

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Suspend the program and all its descendants inside the context, with SIGSTOP."""
        pids = [self.process.pid, *descendants(self.process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            async with self._written:
                self.log.append(line.decode())
                self._written.notify_all()
        async with self._written:
            self._written.notify_all()

    def _has_ended(self) -> bool:
        return self._process is None or (
            self._process.stdout is not None and self._process.stdout.at_eof()
        )


def end_all() -> None:
    """End all running processes without awaiting them, which is impossible after an interrupt."""
    for pid, number in RUNNING.items():
        with suppress(ProcessLookupError):
            for paused in (*descendants(pid), pid):
                os.kill(paused, signal.SIGCONT)
            os.kill(pid, number)


def as_user(user: str | None) -> dict[str, Any]:
    """Return the arguments that run a process as this user."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def descendants(pid: int) -> Iterator[int]:
    """Yield the children of a process and their descendants."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from descendants(int(child))


class Postgres:
    """PostgreSQL server of the fault tests."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.port = port

    def url(self, database: str = "faults_test", *, role: str = "plumbline") -> str:
        """Return the URL of a database."""
        return f"postgresql://{role}:{DATABASE_PASSWORD}@{HOST}:{self.port}/{database}"

    @asynccontextmanager
    async def connection(
        self, database: str = "faults_test", *, role: str = "postgres"
    ) -> AsyncIterator[AsyncConnection]:
        """Open a connection, by default one of those that are reserved for superusers."""
        engine = create_engine(self.url(database, role=role), pool_size=1).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            yield connection
        await engine.dispose()

    async def query(self, statement: str, database: str = "faults_test") -> Sequence[Any]:
        """Execute a statement and return its rows."""
        async with self.connection(database) as connection:
            result = await connection.execute(text(statement))
            return result.all() if result.returns_rows else []

    async def make_database(self) -> None:
        """Create a new, empty database for the service."""
        await self.query("DROP DATABASE IF EXISTS faults_test WITH (FORCE)", "postgres")
        await self.query("CREATE DATABASE faults_test OWNER plumbline", "postgres")

    async def restart(self, number: signal.Signals) -> None:
        """Stop the server (SIGINT: fast, SIGQUIT: immediate) and start it again."""
        await self.program.stop(number)
        await self.program.start()


@asynccontextmanager
async def serve_postgres(directory: Path) -> AsyncIterator[Postgres]:
    """Run a new PostgreSQL server."""
    binaries, user = find_postgres(), None
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        user = "postgres"
        shutil.chown(directory, user, user)
    data, port = str(directory / "data"), free_port()
    initdb = await asyncio.create_subprocess_exec(
        *(str(binaries / "initdb"), "--pgdata", data, "--auth", "trust", "--username", "postgres"),
        *("--encoding", "UTF8", "--no-locale"),
        stdout=PIPE,
        cwd=directory,
        **as_user(user),
    )
    output, _ = await initdb.communicate()
    assert initdb.returncode == 0, output.decode()
    settings = {
        "port": port,
        "listen_addresses": HOST,
        "unix_socket_directories": str(directory),
        "max_connections": MAX_CONNECTIONS,
        "superuser_reserved_connections": RESERVED_CONNECTIONS,
    }
    program = Program(
        *(str(binaries / "postgres"), "-D", data),
        *(f"--{name}={value}" for name, value in settings.items()),
        ready="database system is ready to accept connections",
        directory=directory,
        user=user,
        end=signal.SIGQUIT,  # immediately, because the data is not needed any more
    )
    postgres = Postgres(program, port)
    try:
        await program.start()
        for role in ("plumbline", "other"):
            await postgres.query(f"CREATE ROLE {role} LOGIN", "postgres")
        yield postgres
    finally:
        await program.stop()


def find_postgres() -> Path:
    """Return the directory of the server's binaries. Raise FileNotFoundError if there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if command := shutil.which("initdb"):
        places.insert(0, Path(command).parent)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise FileNotFoundError("The PostgreSQL server is missing: apt-get install postgresql")


def find_pgbouncer() -> str:
    """Return the path of PgBouncer's binary. Raise FileNotFoundError if there is none."""
    if binary := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"):
        return binary
    raise FileNotFoundError("PgBouncer is missing: apt-get install pgbouncer")


class Pooler:
    """PgBouncer in transaction mode, in front of PostgreSQL."""

    def __init__(self, program: Program, url: str) -> None:
        self.program = program
        self.url = url


@asynccontextmanager
async def serve_pooler(postgres: Postgres, directory: Path) -> AsyncIterator[Pooler]:
    """Run PgBouncer with as many connections to the server as one process may open."""
    port, user = free_port(), None
    configuration = directory / "pgbouncer.ini"
    configuration.write_text(
        f"[databases]\n* = host={HOST} port={postgres.port} user=plumbline\n"
        f"[pgbouncer]\nlisten_addr = {HOST}\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {POOL_SIZE}\n"
    )
    if os.geteuid() == 0:  # PgBouncer does not run as root
        user = "postgres"
        shutil.chown(configuration, user)
    program = Program(
        *(find_pgbouncer(), str(configuration)),
        ready="process up",
        directory=directory,
        user=user,
        end=signal.SIGTERM,
    )
    try:
        await program.start()
        yield Pooler(program, f"postgresql://plumbline@{HOST}:{port}/faults_test")
    finally:
        await program.stop()


def find_redis() -> str:
    """Return the path of Redis's binary. Raise FileNotFoundError if there is none."""
    if binary := shutil.which("redis-server"):
        return binary
    raise FileNotFoundError("Redis is missing: apt-get install redis-server")


class Redis:
    """Redis server of the fault tests, without persistence."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.url = f"redis://{HOST}:{port}/0"
        self._port = port

    async def command(self, line: str) -> str:
        """Send a command and return the first line of the reply."""
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(f"{line}\r\n".encode())
        reply = await reader.readline()
        writer.close()
        return reply.decode().strip()


@asynccontextmanager
async def serve_redis(directory: Path) -> AsyncIterator[Redis]:
    """Run a new Redis server."""
    port = free_port()
    program = Program(
        *(find_redis(), "--port", str(port), "--bind", HOST, "--save", ""),
        ready="Ready to accept connections",
        directory=directory,
    )
    try:
        await program.start()
        yield Redis(program, port)
    finally:
        await program.stop()


class Service:
    """Process of `python -m app serve`, as in production."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.url = f"http://{HOST}:{port}"
        self.port = port

    def client(self, *, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        """Return a client with its own connections, whose time-out suits the slowest response."""
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
        )

    async def readiness(self) -> httpx.Response:
        """Return the response of `/readyz`."""
        async with self.client() as client:
            return await client.get("/readyz")

    async def wait_until_ready(self) -> None:
        """Wait until `/readyz` succeeds."""
        while (await self.readiness()).status_code != 200:
            pass

    async def wait_until_not_ready(self) -> httpx.Response:
        """Wait until `/readyz` fails, and return its response."""
        while (response := await self.readiness()).status_code == 200:
            pass
        return response

    def megabytes(self) -> int:
        """Return the resident memory of the process, in MB (see proc_pid_status(5))."""
        fields = Path(f"/proc/{self.program.process.pid}/status").read_text().split()
        return int(fields[fields.index("VmRSS:") + 1]) * 1024 // 1_000_000

    def descriptors(self) -> int:
        """Return the number of open files and sockets of the process."""
        return len(list(Path(f"/proc/{self.program.process.pid}/fd").iterdir()))


@asynccontextmanager
async def serve(database_url: str, directory: Path, **settings: str) -> AsyncIterator[Service]:
    """Run the service. End it with SIGTERM, or kill it if it does not end."""
    port = free_port()
    program = Program(
        *(sys.executable, "-m", "app", "serve", "--port", str(port)),
        ready="Uvicorn running",
        directory=directory,
        environment=settings_of(database_url, **settings),
    )
    service = Service(program, port)
    try:
        await program.start()
        yield service
    finally:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await program.stop()
        except TimeoutError:
            await program.stop(signal.SIGKILL)


@asynccontextmanager
async def work(database_url: str, directory: Path, **settings: str) -> AsyncIterator[Program]:
    """Run a worker, which delivers the outbox. End it with SIGTERM."""
    program = Program(
        *(sys.executable, "-m", "app", "worker"),
        ready=None,
        directory=directory,
        environment=settings_of(database_url, **settings),
    )
    try:
        await program.start()
        yield program
    finally:
        await program.stop()


async def migrate(database_url: str, directory: Path, **settings: str) -> None:
    """Migrate the database to the newest revision."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "migrate"),
        cwd=directory,
        env=settings_of(database_url, **settings),
        stdout=PIPE,
        stderr=STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


def settings_of(database_url: str, **settings: str) -> dict[str, str]:
    """Return production's environment, except for cheap hashes and unreachable rate limits."""
    unlimited = "999999/second"
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://app.example.com",
        "ALLOWED_HOSTS": HOST,
        "TRUSTED_PROXIES": HOST,
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": str(POOL_SIZE),
        "ARGON2_MEMORY_KIB": "8",
        "ARGON2_ROUNDS": "1",
        "MAIL_BACKEND": "smtp",
        "SMTP_HOST": HOST,
        "SMTP_PORT": "1",
        "SMTP_SECURITY": "none",
        "OUTBOX_EMBEDDED": "false",
        "LIMIT_GENERAL": unlimited,
        "LIMIT_REGISTRATION": unlimited,
        "LIMIT_TOKEN": unlimited,
        **settings,
    }
