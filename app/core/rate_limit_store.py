"""Where the rate limiter counts: in Redis, and in memory while Redis is away.

Beside `rate_limit.py` the only place that imports limits.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from limits import RateLimitItem, WindowStats
from limits.aio.storage import MemoryStorage as AsyncMemory
from limits.aio.storage import RedisStorage as AsyncRedis
from limits.aio.strategies import SlidingWindowCounterRateLimiter as AsyncEngine
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter as Engine

from app.core import clock
from app.core.config import Settings
from app.core.logging import get_logger

KEY_PREFIX = "plumbline:limits"
# slowapi waits for the store on the event loop: a store that hangs must not hang the service.
TIMEOUTS: dict[str, Any] = {"socket_timeout": 0.08, "socket_connect_timeout": 0.08}
PATIENCE_TICKS = 40
TICK_SECONDS = 0.005
FIRST_BACK_OFF_SECONDS = 1.0
MAX_BACK_OFF_SECONDS = 32.0

T = TypeVar("T")
_logger = get_logger(__name__)


class Store(Engine):
    """Counts in Redis, if there is one, and in memory while it is away.

    slowapi uses it as a synchronous engine; all others count asynchronously.
    """

    def __init__(self, redis: Engine | None = None, async_redis: AsyncEngine | None = None) -> None:
        super().__init__(MemoryStorage())
        self._redis = redis
        self._async_redis = async_redis
        self._async_memory = AsyncEngine(AsyncMemory())
        self.is_away = False
        self._back_off = 0.0
        self._next_try = 0.0

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        """Whether the budget had `cost` left, which it now has not."""
        if self._redis is not None and not self.is_away:
            try:
                return self._redis.hit(item, *identifiers, cost=cost)
            except StorageError:
                self._lose()
        return super().hit(item, *identifiers, cost=cost)

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """What is left of the budget, and when it grows again."""
        if self._redis is not None and not self.is_away:
            try:
                return self._redis.get_window_stats(item, *identifiers)
            except StorageError:
                self._lose()
        return super().get_window_stats(item, *identifiers)

    async def count(self, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
        """The work, done with Redis or with memory."""
        if self._async_redis is not None and self._may_try():
            try:
                async with _patience():
                    result = await work(self._async_redis)
            except (StorageError, TimeoutError):
                self._lose()
            else:
                self._find()
                return result
        return await work(self._async_memory)

    async def is_reachable(self) -> bool | None:
        """Whether Redis answers; None when there is none."""
        if self._async_redis is None:
            return None
        try:
            async with _patience():
                return await self._async_redis.storage.check()
        except TimeoutError:
            return False

    def _lose(self) -> None:
        if not self.is_away:
            self.is_away = True
            self._back_off = FIRST_BACK_OFF_SECONDS
            self._next_try = clock.monotonic() + self._back_off
            _logger.warning("rate_limit.store_lost")

    def _find(self) -> None:
        if self.is_away:
            self.is_away = False
            _logger.warning("rate_limit.store_back")

    def _may_try(self) -> bool:
        if not self.is_away:
            return True
        if clock.monotonic() < self._next_try:
            return False
        # Before the attempt is awaited: one request makes it, and no other waits for it.
        self._back_off = min(self._back_off * 2, MAX_BACK_OFF_SECONDS)
        self._next_try = clock.monotonic() + self._back_off
        return True


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    """Raises TimeoutError after so many ticks of the event loop. A plain timeout would run out
    while the loop is busy with a burst of requests, and take Redis for away just then.
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
        tick(PATIENCE_TICKS)
        try:
            yield
        finally:
            timer.cancel()


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The store that the settings name, open while the context lasts."""
    if settings.redis_url is None:
        yield Store()
        return
    from redis.asyncio import Redis  # noqa: PLC0415 -- 6 MB and 50 ms that only its users pay

    url = settings.redis_url.get_secret_value()
    options: dict[str, Any] = {"wrap_exceptions": True, "key_prefix": KEY_PREFIX}
    client = Redis.from_url(url)
    pool: Any = client.connection_pool  # its annotation forgets that options may be objects
    storage = RedisStorage(url, **options, **TIMEOUTS)
    async_storage = AsyncRedis(
        f"async+{url}", implementation="redispy", connection_pool=pool, **options
    )
    try:
        yield Store(Engine(storage), AsyncEngine(async_storage))
    finally:
        storage.storage.close()
        await client.aclose()
