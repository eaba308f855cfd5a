"""Fixtures of PostgreSQL, Redis and the service, started for the fault tests."""

import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from faults.programs import (
    Postgres,
    Redis,
    Service,
    end_all,
    find_pgbouncer,
    find_postgres,
    find_redis,
    migrate,
    serve,
    serve_postgres,
    serve_redis,
)
from faults.trial import NOTES, ROWS, Trials


def pytest_configure() -> None:
    """Handle SIGTERM like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """End all processes that still run."""
    end_all()


def pytest_sessionstart() -> None:
    """Exit with an error if a program is missing, because no test may be skipped."""
    try:
        find_pgbouncer()
        find_postgres()
        find_redis()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the results of each fault."""
    if not ROWS:
        return
    form = "{:34} {:>8} {:>5} {:>4} {:>7} {:>8} {:>9}  {:22}  {}"
    heads = ("fault", "requests", "acked", "lost", "slowest", "recovery", "RSS, MB")
    terminalreporter.section("faults")
    terminalreporter.write_line(form.format(*heads, "responses after", "responses during"))
    for row in ROWS:
        figures = (row.fault, row.requests, row.acknowledged, row.lost)
        seconds = (f"{row.slowest:.1f} s", f"{row.recovery:.1f} s")
        memory = "{} → {}".format(*row.megabytes)
        outcomes = (_format_counts(row.after), _format_counts(row.during))
        terminalreporter.write_line(form.format(*figures, *seconds, memory, *outcomes))
    for note in NOTES:
        terminalreporter.write_line(note)


def _format_counts(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(outcomes.items()))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Return the backend, so that one event loop reads the programs' logs in the whole session."""
    return "asyncio"


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    """Yield the working directory of the service, which contains no `.env`."""
    with TemporaryDirectory(prefix="faults-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
def postgres_directory() -> Iterator[Path]:
    """Yield PostgreSQL's directory, which may belong to another user. Delete it at the end."""
    with TemporaryDirectory(prefix="faults-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
async def postgres(directory: Path, postgres_directory: Path) -> AsyncIterator[Postgres]:
    """Yield PostgreSQL with a migrated database."""
    async with serve_postgres(postgres_directory) as postgres:
        await postgres.make_database()
        await migrate(postgres.url(), directory)
        yield postgres


@pytest.fixture(scope="session")
async def redis(directory: Path) -> AsyncIterator[Redis]:
    """Yield a running Redis."""
    async with serve_redis(directory) as redis:
        yield redis


@pytest.fixture(scope="session")
async def services(
    postgres: Postgres, redis: Redis, directory: Path
) -> AsyncIterator[list[Service]]:
    """Yield two processes of the service, which must survive all faults of the session."""
    async with AsyncExitStack() as stack:
        settings = {"REDIS_URL": redis.url, "LIMIT_ONE_TIME_TOKEN": "6/hour"}
        started = [serve(postgres.url(), directory, **settings) for _ in range(2)]
        yield [await stack.enter_async_context(process) for process in started]


@pytest.fixture
def service(services: list[Service]) -> Service:
    """Return one of the two processes of the service."""
    return services[0]


@pytest.fixture
def trials(postgres: Postgres) -> Trials:
    """Return an object that runs a load during a fault and checks the results."""
    return Trials(postgres)
