"""Rate limits, counted in memory or in Redis.

Two engines of one library share the store. slowapi's decorators, which count synchronously, carry
the limits of the sensitive routes; everything else counts asynchronously. When Redis goes away both
go on counting in memory, by one flag, until it is back.

The only place that imports slowapi and limits.
"""

import ipaddress
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from limits import RateLimitItem, WindowStats, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import STRATEGIES
from redis.asyncio import Redis
from redis.exceptions import RedisError
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded

from app.core import clock
from app.core.config import Settings
from app.core.errors import RateLimited, answer_app_error
from app.core.logging import get_logger

STRATEGY = "sliding-window-counter"
KEY_PREFIX = "plumbline:limits"
# slowapi waits for the store on the event loop: a store that hangs must not hang the service.
TIMEOUTS: dict[str, Any] = {"socket_timeout": 0.08, "socket_connect_timeout": 0.08}
MAX_BACK_OFF_SECONDS = 32.0
IPV6_PREFIX = 64
"""One customer holds a whole /64, so its addresses count as one."""

BUDGETS = "rate_limit_budgets"
"""Where the budgets that were drawn on asynchronously stand in the ASGI scope's state."""

T = TypeVar("T")
_logger = get_logger(__name__)


@dataclass(frozen=True)
class Budget:
    """What is left of a policy for one key."""

    policy: str
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: int
    exceeded: bool

    @classmethod
    def of(
        cls, policy: str, item: RateLimitItem, stats: WindowStats, *, exceeded: bool
    ) -> "Budget":
        """The budget that the library's numbers describe."""
        reset_seconds = max(1, math.ceil(stats.reset_time - clock.now().timestamp()))
        return cls(policy, item.amount, item.get_expiry(), stats.remaining, reset_seconds, exceeded)

    def refuse_if_exceeded(self) -> None:
        """Raises RateLimited."""
        if self.exceeded:
            raise RateLimited(self.reset_seconds)


class SharedLimiter(Limiter):
    """slowapi's limiter, with an asynchronous side on the same store and the same outage."""

    def __init__(self) -> None:
        self._down = False
        self._next_probe = 0.0
        self._back_off = 1.0
        self._shared: SlidingWindowCounterRateLimiter | None = None
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        super().__init__(
            key_func=by_ip,
            strategy=STRATEGY,
            in_memory_fallback_enabled=True,
            key_style="endpoint",  # by URL, every id in a path would have a budget of its own
            # An empty file. Without one it would read the application's `.env` by itself.
            config_filename=str(Path(__file__).parent.parent / "py.typed"),
        )

    @property
    def _storage_dead(self) -> bool:
        """Slowapi's flag for an outage; both sides read and write it."""
        return self._down

    @_storage_dead.setter
    def _storage_dead(self, down: bool) -> None:
        if down == self._down:
            return
        self._down = down
        self._back_off = 1.0
        self._next_probe = clock.monotonic() + self._back_off
        _logger.warning("rate_limit.store_lost" if down else "rate_limit.store_back")

    @asynccontextmanager
    async def open(self, settings: Settings) -> AsyncIterator[None]:
        """Count by these settings, in the store that they name, while the context lasts."""
        self.configure(settings)
        if settings.redis_url is None:
            yield
            return
        url = settings.redis_url.get_secret_value()
        client = Redis.from_url(url, **TIMEOUTS)
        pool: Any = client.connection_pool  # its annotation forgets that options may be objects
        shared = RedisStorage(
            f"async+{url}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix=KEY_PREFIX,
            connection_pool=pool,
        )
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._count_synchronously_in(url, key_prefix=KEY_PREFIX, **TIMEOUTS)
        try:
            yield
        finally:
            self._shared = None
            self._count_synchronously_in("memory://")
            self._down = False
            await client.aclose()

    def configure(self, settings: Settings) -> None:
        """Take the policies from these settings."""
        self.settings = settings
        # slowapi takes RATELIMIT_ENABLED from the environment, where "false" would turn it on.
        self.enabled = settings.limits_enabled

    def policy(self, name: str) -> Callable[[], str]:
        """The policy of that setting, looked up at each request: for slowapi's decorators."""
        return lambda: str(getattr(self.settings, name))

    async def draw(self, policy: str, *key: str) -> Budget:
        """Take one from the budget of `key`; exceeded when there was none left."""
        return await self._with_store(lambda engine: self._draw(engine, policy, key))

    async def peek(self, policy: str, *key: str) -> Budget:
        """The budget of `key`, untouched; exceeded when there is none left."""
        return await self._with_store(lambda engine: self._peek(engine, policy, key))

    async def is_store_reachable(self) -> bool | None:
        """Whether Redis answers; None when there is none."""
        return None if self._shared is None else await self._shared.storage.check()

    def budgets(self, state: dict[str, Any]) -> list[Budget]:
        """The budgets that a request drew on, by the state of its ASGI scope."""
        budgets: list[Budget] = state.get(BUDGETS, [])
        item, key = state.get("view_rate_limit") or (None, [])
        if not self.enabled or item is None:
            return budgets
        policy = key[-1].rpartition(".")[2]  # the name of the decorated function
        try:
            stats = self.limiter.get_window_stats(item, *key)
        except RedisError:
            self._storage_dead = True
            return budgets
        return [*budgets, Budget.of(policy, item, stats, exceeded=False)]

    def _count_synchronously_in(self, url: str, **options: Any) -> None:
        self._storage = storage_from_string(url, **options)
        self._limiter = STRATEGIES[STRATEGY](self._storage)

    async def _draw(
        self, engine: SlidingWindowCounterRateLimiter, policy: str, key: tuple[str, ...]
    ) -> Budget:
        item = parse(self.policy(policy)())
        drawn = not self.enabled or await engine.hit(item, policy, *key)
        stats = await engine.get_window_stats(item, policy, *key)
        return Budget.of(policy, item, stats, exceeded=not drawn)

    async def _peek(
        self, engine: SlidingWindowCounterRateLimiter, policy: str, key: tuple[str, ...]
    ) -> Budget:
        item = parse(self.policy(policy)())
        stats = await engine.get_window_stats(item, policy, *key)
        return Budget.of(policy, item, stats, exceeded=self.enabled and stats.remaining < 1)

    async def _with_store(
        self, count: Callable[[SlidingWindowCounterRateLimiter], Awaitable[T]]
    ) -> T:
        if self._shared is not None and await self._is_up(self._shared):
            try:
                return await count(self._shared)
            except StorageError:
                self._storage_dead = True
        return await count(self._local)

    async def _is_up(self, shared: SlidingWindowCounterRateLimiter) -> bool:
        if self._down and clock.monotonic() >= self._next_probe:
            # Before the probe is awaited, so that one request makes it and no other waits for it.
            self._back_off = min(self._back_off * 2, MAX_BACK_OFF_SECONDS)
            self._next_probe = clock.monotonic() + self._back_off
            self._storage_dead = not await shared.storage.check()
        return not self._down


def by_ip(request: Request) -> str:
    """The client's address: the key of limits that need no log-in."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "unknown"  # slowapi lets everything through whose key is empty
    if address.version == 4:
        return host
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def by_user(request: Request) -> str:
    """The user, whose credential authentication has verified before."""
    return str(request.state.user_id)


async def answer_rate_limit_exceeded(request: Request, _: RateLimitExceeded) -> JSONResponse:
    """Answer what a decorator refused."""
    reset_seconds = max(budget.reset_seconds for budget in limiter.budgets(request.scope["state"]))
    return await answer_app_error(request, RateLimited(reset_seconds))


def install_rate_limits(app: FastAPI) -> None:
    """Have the refusals of the decorators answered as problem documents."""
    app.exception_handler(RateLimitExceeded)(answer_rate_limit_exceeded)


limiter = SharedLimiter()
"""The one limiter; the lifespan gives it its settings and its store."""
