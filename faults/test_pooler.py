"""Two processes of the service on PgBouncer in transaction mode."""

import asyncio
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from app.core.migrations import ROOT, newest_revision
from faults.load import outcome_of
from faults.programs import Pooler, Postgres, Redis, Service, migrate, serve, serve_pooler
from faults.trial import NOTES, Trials
from tests.support.factories import API, registration, request_token

REQUESTS = 10_000
CONNECTIONS = 16
ERRORS = 20
MIGRATION_SECONDS = 60
MIGRATION = f"""
from alembic import op
from app.core.migrations import building_concurrently

revision = "next"
down_revision = "{newest_revision()}"

def upgrade():
    with building_concurrently("i"):
        op.create_index("i", "users", ["role"], postgresql_concurrently=True)
"""


@pytest.fixture
async def pooler(postgres: Postgres, postgres_directory: Path) -> AsyncIterator[Pooler]:
    """Yield a running PgBouncer."""
    async with serve_pooler(postgres, postgres_directory) as pooler:
        yield pooler


@asynccontextmanager
async def two_processes(
    url: str, directory: Path, redis: Redis, **settings: str
) -> AsyncIterator[list[Service]]:
    """Run the service twice on the database at this address."""
    async with AsyncExitStack() as stack:
        started = [serve(url, directory, REDIS_URL=redis.url, **settings) for _ in range(2)]
        yield [await stack.enter_async_context(process) for process in started]


async def send_requests(services: Sequence[Service]) -> tuple[Counter[str], float]:
    """Send all requests, half of them writes, and return their outcomes and the seconds taken."""
    outcomes: Counter[str] = Counter()

    async def use(service: Service) -> None:
        async with service.client() as client:
            body = registration()
            outcomes[outcome_of(await client.post(f"{API}/users", json=body))] += 1
            tokens = (await request_token(client, str(body["email"]))).json()
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            for number in range((REQUESTS // CONNECTIONS - 2) // 2):
                change = {"full_name": f"Ada {number}"}
                url = f"{API}/users/me"
                written = await client.patch(url, json=change, headers=headers)
                read = await client.get(url, headers=headers)
                outcomes.update([outcome_of(written), outcome_of(read)])

    began = time.monotonic()
    await asyncio.gather(*[use(services[number % 2]) for number in range(CONNECTIONS)])
    return outcomes, time.monotonic() - began


async def test_ten_thousand_requests_of_two_processes_succeed_as_without_a_pooler(
    postgres: Postgres, pooler: Pooler, redis: Redis, directory: Path
) -> None:
    async with two_processes(postgres.url(), directory, redis) as services:
        direct, direct_seconds = await send_requests(services)
    async with two_processes(pooler.url, directory, redis, DATABASE_POOLER="true") as services:
        pooled, pooled_seconds = await send_requests(services)

    NOTES.append(f"throughput behind the pooler: {direct_seconds / pooled_seconds:.2f} of direct")
    assert pooled == direct
    assert pooled.keys() == {"200", "201"}


async def test_three_migrators_at_once_build_an_index_and_leave_no_lock(
    postgres: Postgres, pooler: Pooler, directory: Path
) -> None:
    """Check that no session lock is left, which the pooler would pass on to the next client."""
    for name in ("migrations", "alembic.ini", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, directory / name)
    (directory / "app").symlink_to(ROOT / "app")
    (directory / "migrations" / "versions" / "next.py").write_text(MIGRATION)

    async with asyncio.timeout(MIGRATION_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(3):
            settings = {"DATABASE_POOLER": "true", "PYTHONPATH": str(directory)}
            group.create_task(migrate(pooler.url, directory, **settings))

    assert await postgres.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass")
    assert await postgres.query("SELECT mode FROM pg_locks WHERE locktype = 'advisory'") == []


async def test_requests_fail_with_503_while_the_pooler_restarts(
    trials: Trials, pooler: Pooler, redis: Redis, directory: Path
) -> None:
    async with (
        two_processes(pooler.url, directory, redis, DATABASE_POOLER="true") as services,
        trials.fault("pooler restarted", *services) as fault,
    ):
        await pooler.program.stop(signal.SIGTERM)
        await fault.wait_for_errors(ERRORS)
        await pooler.program.start()
