"""The programs that faults hit, each in processes of its own: PostgreSQL, Redis and the service."""

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
"""After which a client has no answer."""
WAIT_SECONDS = 60.0
MAX_CONNECTIONS = 25
RESERVED_CONNECTIONS = 3
"""For superusers."""
POOL_SIZE = 5
DATABASE_PASSWORD = secrets.token_hex(8)
"""Asked for by nobody; but it is in the URL, and is not to be in the log."""
SECRET_KEY = secrets.token_urlsafe(48)


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


RUNNING: dict[int, signal.Signals] = {}
"""The processes that have been started, and the signals that end them."""


class Program:
    """A program that runs, and can be killed, paused and started again."""

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
        """Set while it has been started, whatever it does then."""
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
        """The process that was started last."""
        assert self._process is not None
        return self._process

    async def start(self) -> None:
        """Start it, and return when it says that it is ready, if it ever does."""
        begin = len(self.log)
        self._process = await asyncio.create_subprocess_exec(
            *self.command,
            cwd=self._directory,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,  # Ctrl-C is for the suite, which then ends them in good order
            limit=1_000_000,
            **self._as_user,
        )
        RUNNING[self._process.pid] = self._end
        self._reading = asyncio.create_task(self._read(self._process))
        if self._ready is not None:
            await self.wait_for_line(self._ready, after=begin)
        self.is_up.set()

    async def stop(self, number: signal.Signals | None = None) -> None:
        """End it, by this signal if one is given, and return when it has ended."""
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
        """Return when a line with this part has been written, not counting the first `after`."""

        def is_written() -> bool:
            return any(part in line for line in self.log[after:])

        async with asyncio.timeout(WAIT_SECONDS), self._written:
            await self._written.wait_for(lambda: is_written() or self._has_ended())
        assert is_written(), f"{self.command[0]} wrote no {part!r}: {''.join(self.log[-20:])}"

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It and all processes that it has started do nothing meanwhile (SIGSTOP)."""
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
    """End what still runs: after an interruption nothing can be awaited any more."""
    for pid, number in RUNNING.items():
        with suppress(ProcessLookupError):
            for each in (*descendants(pid), pid):
                os.kill(each, signal.SIGCONT)
            os.kill(pid, number)


def as_user(user: str | None) -> dict[str, Any]:
    """What has a process run as this user."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and that they have."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from descendants(int(child))


class Postgres:
    """A PostgreSQL server of the suite's own."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.port = port

    def url(self, database: str = "faults_test", *, role: str = "plumbline") -> str:
        """The URL of a database."""
        return f"postgresql://{role}:{DATABASE_PASSWORD}@{HOST}:{self.port}/{database}"

    @asynccontextmanager
    async def connection(
        self, database: str = "faults_test", *, role: str = "postgres"
    ) -> AsyncIterator[AsyncConnection]:
        """A connection; by default one of those that are kept for superusers."""
        engine = create_engine(self.url(database, role=role), pool_size=1).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            yield connection
        await engine.dispose()

    async def query(self, statement: str, database: str = "faults_test") -> Sequence[Any]:
        """The rows of a statement."""
        async with self.connection(database) as connection:
            result = await connection.execute(text(statement))
            return result.all() if result.returns_rows else []

    async def make_database(self) -> None:
        """A new database for the service, empty."""
        await self.query("DROP DATABASE IF EXISTS faults_test WITH (FORCE)", "postgres")
        await self.query("CREATE DATABASE faults_test OWNER plumbline", "postgres")

    async def restart(self, number: signal.Signals) -> None:
        """Stop it (SIGINT: fast, SIGQUIT: immediate) and start it again."""
        await self.program.stop(number)
        await self.program.start()


@asynccontextmanager
async def serve_postgres(directory: Path) -> AsyncIterator[Postgres]:
    """A new PostgreSQL server."""
    binaries, user = find_postgres(), None
    if os.geteuid() == 0:  # as whom it refuses to run
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
        end=signal.SIGQUIT,  # at once: nobody needs the data any more
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
    """Where the server's binaries are. Raises FileNotFoundError."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if command := shutil.which("initdb"):
        places.insert(0, Path(command).parent)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise FileNotFoundError("PostgreSQL's server is missing: apt-get install postgresql")


def find_pgbouncer() -> str:
    """Return the path of the binary. Raises FileNotFoundError."""
    if binary := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"):
        return binary
    raise FileNotFoundError("pgbouncer is missing: apt-get install pgbouncer")


class Pooler:
    """PgBouncer in transaction mode, before the suite's PostgreSQL."""

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
    if os.geteuid() == 0:  # as whom it does not run
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
    """Where its binary is. Raises FileNotFoundError."""
    if binary := shutil.which("redis-server"):
        return binary
    raise FileNotFoundError("redis-server is missing: apt-get install redis-server")


class Redis:
    """A Redis of the suite's own, which keeps nothing."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.url = f"redis://{HOST}:{port}/0"
        self._port = port

    async def command(self, line: str) -> str:
        """What it replies to a command, on one line."""
        reader, writer = await asyncio.open_connection(HOST, self._port)
        writer.write(f"{line}\r\n".encode())
        reply = await reader.readline()
        writer.close()
        return reply.decode().strip()


@asynccontextmanager
async def serve_redis(directory: Path) -> AsyncIterator[Redis]:
    """A new Redis."""
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
    """`python -m app serve`, as in production."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.url = f"http://{HOST}:{port}"
        self.port = port

    def client(self, *, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        """A client with connections of its own, which waits long enough for any answer."""
        return httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
        )

    async def readiness(self) -> httpx.Response:
        """What it says of itself."""
        async with self.client() as client:
            return await client.get("/readyz")

    async def wait_until_ready(self) -> None:
        """Return when it says that it can work."""
        while (await self.readiness()).status_code != 200:
            pass

    async def wait_until_not_ready(self) -> httpx.Response:
        """What it says when it says that it cannot work."""
        while (response := await self.readiness()).status_code == 200:
            pass
        return response

    def megabytes(self) -> int:
        """The memory that it has resident now (proc_pid_status(5))."""
        fields = Path(f"/proc/{self.program.process.pid}/status").read_text().split()
        return int(fields[fields.index("VmRSS:") + 1]) * 1024 // 1_000_000

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return len(list(Path(f"/proc/{self.program.process.pid}/fd").iterdir()))


@asynccontextmanager
async def serve(database_url: str, directory: Path, **settings: str) -> AsyncIterator[Service]:
    """The service, started; ended by SIGTERM, or killed if it does not end."""
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
    """A worker, which sends what is in the outbox; ended by SIGTERM."""
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
    """Bring the database to the newest migration."""
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
    """An environment of production, but for cheap hashes and limits that nobody reaches."""
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
