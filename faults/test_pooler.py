"""PgBouncer in transaction mode stands between two processes of the service and PostgreSQL."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from faults.load import outcome_of
from faults.programs import Pooler, Postgres, Redis, Service, serve, serve_pooler
from faults.trial import NOTES, Trials
from tests.factories import API, registration, request_token

REQUESTS = 10_000
CONNECTIONS = 16
REFUSALS = 20


@pytest.fixture
async def pooler(postgres: Postgres, postgres_directory: Path) -> AsyncIterator[Pooler]:
    """A running PgBouncer."""
    async with serve_pooler(postgres, postgres_directory) as pooler:
        yield pooler


@asynccontextmanager
async def two_processes(
    url: str, directory: Path, redis: Redis, **settings: str
) -> AsyncIterator[list[Service]]:
    """Run the service twice on the database at this address."""
    async with AsyncExitStack() as stack:
        started = [serve(url, directory, REDIS_URL=redis.url, **settings) for _ in range(2)]
        yield [await stack.enter_async_context(each) for each in started]


async def ask(services: Sequence[Service]) -> tuple[Counter[str], float]:
    """Make all requests, half of them writes, and return their outcomes and the seconds taken."""
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


async def test_ten_thousand_requests_of_two_processes_succeed_as_without_it(
    postgres: Postgres, pooler: Pooler, redis: Redis, directory: Path
) -> None:
    async with two_processes(postgres.url(), directory, redis) as services:
        direct, direct_seconds = await ask(services)
    async with two_processes(pooler.url, directory, redis, DATABASE_POOLER="true") as services:
        pooled, pooled_seconds = await ask(services)

    NOTES.append(f"throughput behind the pooler: {direct_seconds / pooled_seconds:.2f} of direct")
    assert pooled == direct
    assert pooled.keys() == {"200", "201"}


async def test_restarted(trials: Trials, pooler: Pooler, redis: Redis, directory: Path) -> None:
    async with (
        two_processes(pooler.url, directory, redis, DATABASE_POOLER="true") as services,
        trials.fault("pooler restarted", *services) as fault,
    ):
        await pooler.program.stop(signal.SIGTERM)
        await fault.wait_for_refusals(REFUSALS)
        await pooler.program.start()
