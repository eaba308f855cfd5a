"""Redis is away, asleep, or full: each process counts alone, and nobody waits for it."""

import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from faults.programs import Redis, Service
from faults.trial import Trials
from tests.factories import API

LIMIT = 6
"""Of one-time tokens that may be tried, as the fixtures set it."""
ANSWERS = 60
QUICK_SECONDS = 2.0
"""On a machine that the suite keeps busy; who waited for Redis would wait much longer."""

Break = Callable[[Redis], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def away(redis: Redis) -> AsyncIterator[None]:
    await redis.program.stop(signal.SIGKILL)
    yield
    await redis.program.start()


@asynccontextmanager
async def asleep(redis: Redis) -> AsyncIterator[None]:
    with redis.program.paused():
        yield


@asynccontextmanager
async def full(redis: Redis) -> AsyncIterator[None]:
    assert await redis.command("CONFIG SET maxmemory 1") == "+OK"
    yield
    assert await redis.command("CONFIG SET maxmemory 0") == "+OK"


async def count_allowed(services: list[Service]) -> int:
    """How many of many tries by one client are let through by both processes."""
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
    """Return when it counts so."""
    while await count() != expected:
        pass


@pytest.mark.parametrize("breaking", [away, asleep, full], ids=lambda each: each.__name__)
async def test_each_process_counts_alone_and_they_count_together_again(
    trials: Trials, redis: Redis, services: list[Service], breaking: Break
) -> None:
    before = await count_allowed(services)
    name = f"Redis {breaking.__name__}"
    async with trials.fault(name, *services, outcomes=(), logged=None) as fault:
        async with breaking(redis):
            await fault.wait_for_answers(ANSWERS)
            during = await count_allowed(services)
            readiness = [await each.readiness() for each in services]
        await until(LIMIT, lambda: count_allowed(services))

    assert (before, during) == (LIMIT, LIMIT * len(services))
    assert {each.status_code for each in readiness} == {503}
    assert all("rate_limit.store_lost" in "".join(each.program.log) for each in services)
    assert fault.row.slowest <= QUICK_SECONDS
