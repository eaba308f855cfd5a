"""Rate limits while Redis is killed, suspended or full: each process counts alone."""

import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from faults.programs import Redis, Service
from faults.trial import Trials
from tests.support.factories import API

LIMIT = 6
"""Number of one-time tokens that a client may try, as set in the fixture `services`."""
RESULTS = 60
QUICK_SECONDS = 2.0
"""Maximum duration of a request that does not wait for Redis, on a busy machine, in seconds."""

Break = Callable[[Redis], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def killed(redis: Redis) -> AsyncIterator[None]:
    await redis.program.stop(signal.SIGKILL)
    yield
    await redis.program.start()


@asynccontextmanager
async def suspended(redis: Redis) -> AsyncIterator[None]:
    with redis.program.paused():
        yield


@asynccontextmanager
async def full(redis: Redis) -> AsyncIterator[None]:
    assert await redis.command("CONFIG SET maxmemory 1") == "+OK"
    yield
    assert await redis.command("CONFIG SET maxmemory 0") == "+OK"


async def count_allowed(services: list[Service]) -> int:
    """Send many requests of one client to both processes, and return how many are allowed."""
    headers = {"X-Forwarded-For": f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"}
    statuses: Counter[int] = Counter()
    for service in services * 2:
        async with service.client(headers=headers) as client:
            for _ in range(LIMIT):
                response = await client.post(f"{API}/auth/verify-email", json={"token": "x" * 43})
                statuses[response.status_code] += 1
    assert statuses.keys() <= {422, 429}
    return statuses[422]


async def until(expected: int, count: Callable[[], Awaitable[int]]) -> None:
    """Wait until `count` returns the expected value."""
    while await count() != expected:
        pass


@pytest.mark.parametrize("breaking", [killed, suspended, full], ids=lambda fault: fault.__name__)
async def test_each_process_counts_alone_without_redis_and_together_once_it_is_back(
    trials: Trials, redis: Redis, services: list[Service], breaking: Break
) -> None:
    before = await count_allowed(services)
    name = f"Redis {breaking.__name__}"
    async with trials.fault(name, *services, outcomes=(), logged=None) as fault:
        async with breaking(redis):
            await fault.wait_for_results(RESULTS)
            during = await count_allowed(services)
            readiness = [await service.readiness() for service in services]
        await until(LIMIT, lambda: count_allowed(services))

    assert (before, during) == (LIMIT, LIMIT * len(services))
    assert {response.status_code for response in readiness} == {503}
    assert all("rate_limit.store_lost" in "".join(service.program.log) for service in services)
    assert fault.row.slowest <= QUICK_SECONDS
