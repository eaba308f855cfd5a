"""Store of the rate limiter: Redis, or memory while Redis is unavailable.

Only this module and `rate_limiter.py` import limits.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from limits import RateLimitItem, WindowStats, parse
from limits.aio.storage import MemoryStorage as AsyncMemory
from limits.aio.storage import RedisStorage as AsyncRedis
from limits.aio.strategies import SlidingWindowCounterRateLimiter as AsyncEngine
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter as Engine

from app.core import clock
from app.core.config import Settings
from app.core.logging import get_logger
from app.core.names import NAME
from app.core.redis_pools import async_pool, blocking_pool

KEY_PREFIX = f"{NAME}:limits"
ANY_URL = "redis://127.0.0.1:6379"
"""Placeholder. limits requires a URL besides the pool, but cannot parse each URL of redis-py."""
TIMEOUT_TICKS = 200
TICK_SECONDS = 0.005
"""Length of a tick. Together all ticks take 1 s, because a first command over TLS needs eight round
trips, of 100 ms each if Redis is far away.
"""
PROBE = parse("1000000/second")
PROBE_KEY = "readiness"
FIRST_BACK_OFF_SECONDS = 1.0
MAX_BACK_OFF_SECONDS = 32.0

T = TypeVar("T")
_logger = get_logger(__name__)


class Store(Engine):
    """Store that counts in Redis, or in memory while Redis is unavailable or not configured.

    slowapi calls the synchronous methods. All other code calls `count`, which is asynchronous.
    """

    def __init__(self, redis: Engine | None = None, async_redis: AsyncEngine | None = None) -> None:
        super().__init__(MemoryStorage())
        self._redis = redis
        self._async_redis = async_redis
        self._async_memory = AsyncEngine(AsyncMemory())
        self.is_unavailable = False
        self._back_off = 0.0
        self._next_try = 0.0

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Take `cost` from the budget. Return False if less was left."""
        if self._redis is not None and not self.is_unavailable:
            try:
                return self._redis.hit(item, *identifiers, cost=cost)
            except StorageError:
                self._mark_unavailable()
        return super().hit(item, *identifiers, cost=cost)

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """Return the remaining budget, and the time at which it grows again."""
        if self._redis is not None and not self.is_unavailable:
            try:
                return self._redis.get_window_stats(item, *identifiers)
            except StorageError:
                self._mark_unavailable()
        return super().get_window_stats(item, *identifiers)

    async def count(self, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
        """Call a function that counts, in Redis or in memory, and return its result."""
        if self._async_redis is not None and self._may_try():
            result = await self._count_in_redis(self._async_redis, work)
            if result is not None:
                return result
        return await work(self._async_memory)

    async def _count_in_redis(
        self, redis: AsyncEngine, work: Callable[[AsyncEngine], Awaitable[T]]
    ) -> T | None:
        try:
            async with _tick_timeout():
                result = await work(redis)
        except (StorageError, TimeoutError):
            self._mark_unavailable()
            return None
        self._mark_available()
        return result

    async def is_usable(self) -> bool | None:
        """Return True if Redis can count, or None if it is not configured.

        A ping would not be enough: a replica and a Redis without free memory also respond to it.
        """
        if self._async_redis is None:
            return None
        return await self._count_in_redis(self._async_redis, _probe) is not None

    def _mark_unavailable(self) -> None:
        if not self.is_unavailable:
            self.is_unavailable = True
            self._back_off = FIRST_BACK_OFF_SECONDS
            self._next_try = clock.monotonic() + self._back_off
            _logger.warning("rate_limit.store_lost")

    def _mark_available(self) -> None:
        if self.is_unavailable:
            self.is_unavailable = False
            _logger.warning("rate_limit.store_back")

    def _may_try(self) -> bool:
        if not self.is_unavailable:
            return True
        if clock.monotonic() < self._next_try:
            return False
        # The time is set before the attempt, so that only one request tries and waits.
        self._back_off = min(self._back_off * 2, MAX_BACK_OFF_SECONDS)
        self._next_try = clock.monotonic() + self._back_off
        return True


@asynccontextmanager
async def _tick_timeout() -> AsyncIterator[None]:
    """Raise TimeoutError after TIMEOUT_TICKS of the event loop.

    A plain timeout would also expire while a burst of requests keeps the loop busy, and would then
    mark Redis as unavailable.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def tick(left: int) -> None:
        nonlocal timer
        if left:
            timer = loop.call_later(TICK_SECONDS, tick, left - 1)
        else:
            timeout.reschedule(loop.time())

    async with asyncio.timeout(None) as timeout:
        tick(TIMEOUT_TICKS)
        try:
            yield
        finally:
            timer.cancel()


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Open the store that the settings name, and close it when the context ends."""
    if settings.redis_url is None:
        yield Store()
        return
    url = settings.redis_url.get_secret_value()
    pool, async_connections = blocking_pool(url), async_pool(url)
    options: dict[str, Any] = {"wrap_exceptions": True, "key_prefix": KEY_PREFIX}
    async_options = {"implementation": "redispy", "connection_pool": async_connections, **options}
    storage = RedisStorage(ANY_URL, connection_pool=pool, **options)
    try:
        yield Store(Engine(storage), AsyncEngine(AsyncRedis(f"async+{ANY_URL}", **async_options)))
    finally:
        pool.disconnect()
        await async_connections.disconnect()


async def _probe(redis: AsyncEngine) -> bool:
    return await redis.hit(PROBE, PROBE_KEY)
