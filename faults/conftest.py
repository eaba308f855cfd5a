"""Fixtures: a PostgreSQL and a Redis of the suite's own, and the service."""

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
    """End by SIGTERM as by Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure() -> None:
    """Leave nothing running."""
    end_all()


def pytest_sessionstart() -> None:
    """Say what is missing: nothing is skipped."""
    try:
        find_pgbouncer()
        find_postgres()
        find_redis()
    except FileNotFoundError as error:
        pytest.exit(str(error), returncode=1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what became of each fault."""
    if not ROWS:
        return
    form = "{:34} {:>8} {:>5} {:>4} {:>7} {:>8} {:>9}  {:22}  {}"
    heads = ("fault", "requests", "acked", "lost", "slowest", "recovery", "RSS, MB")
    terminalreporter.section("faults")
    terminalreporter.write_line(form.format(*heads, "answers after", "answers during"))
    for row in ROWS:
        figures = (row.fault, row.requests, row.acknowledged, row.lost)
        seconds = (f"{row.slowest:.1f} s", f"{row.recovery:.1f} s")
        memory = "{} → {}".format(*row.megabytes)
        outcomes = (_told(row.after), _told(row.during))
        terminalreporter.write_line(form.format(*figures, *seconds, memory, *outcomes))
    for note in NOTES:
        terminalreporter.write_line(note)


def _told(outcomes: Counter[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in sorted(outcomes.items()))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the session: the programs' logs are read in it."""
    return "asyncio"


@pytest.fixture(scope="session")
def directory() -> Iterator[Path]:
    """Where the service is started, in no folder that has a `.env`."""
    with TemporaryDirectory(prefix="faults-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
def postgres_directory() -> Iterator[Path]:
    """PostgreSQL's, which may belong to another user. It goes, unlike those of `tmp_path`."""
    with TemporaryDirectory(prefix="faults-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
async def postgres(directory: Path, postgres_directory: Path) -> AsyncIterator[Postgres]:
    """PostgreSQL, with a migrated database."""
    async with serve_postgres(postgres_directory) as postgres:
        await postgres.make_database()
        await migrate(postgres.url(), directory)
        yield postgres


@pytest.fixture(scope="session")
async def redis(directory: Path) -> AsyncIterator[Redis]:
    """Redis."""
    async with serve_redis(directory) as redis:
        yield redis


@pytest.fixture(scope="session")
async def services(
    postgres: Postgres, redis: Redis, directory: Path
) -> AsyncIterator[list[Service]]:
    """Two processes of the service; the same ones have to survive all faults."""
    async with AsyncExitStack() as stack:
        settings = {"REDIS_URL": redis.url, "LIMIT_ONE_TIME_TOKEN": "6/hour"}
        started = [serve(postgres.url(), directory, **settings) for _ in range(2)]
        yield [await stack.enter_async_context(each) for each in started]


@pytest.fixture
def service(services: list[Service]) -> Service:
    """One of them."""
    return services[0]


@pytest.fixture
def trials(postgres: Postgres) -> Trials:
    """Has faults happen."""
    return Trials(postgres)
