"""Rate limiter, which counts requests asynchronously."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

from limits import RateLimitItem, WindowStats, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter as AsyncEngine

from app.core import clock
from app.core.config import Settings
from app.core.errors import RateLimited
from app.core.rate_limit_store import Store, open_store

_parse = cache(parse)


@dataclass(frozen=True)
class Budget:
    """Requests that a policy still allows for one key, such as an IP address."""

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
        """Return the budget for the numbers that limits reports."""
        reset_seconds = max(1, math.ceil(stats.reset_time - clock.now().timestamp()))
        return cls(policy, item.amount, item.get_expiry(), stats.remaining, reset_seconds, exceeded)

    def raise_if_exceeded(self) -> None:
        """Raise RateLimited if the budget is exceeded."""
        if self.exceeded:
            raise RateLimited(self.reset_seconds)


class RateLimiter:
    """Counter of requests for each policy and key. Policy `x` is the setting `limit_x`."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store

    @property
    def enabled(self) -> bool:
        """True unless the settings disable limits."""
        return self.settings.limits_enabled

    def policy(self, name: str) -> str:
        """Return the limit of a policy, such as `10/minute`."""
        return str(getattr(self.settings, f"limit_{name}"))

    async def draw(self, policy: str, *key: str) -> Budget:
        """Take one from the budget of a key. The result is exceeded if the budget was empty."""
        return await self.store.count(lambda engine: self._draw(engine, policy, key))

    async def peek(self, policy: str, *key: str) -> Budget:
        """Return the budget of a key without a change. It is exceeded if it is empty."""
        return await self.store.count(lambda engine: self._peek(engine, policy, key))

    async def _draw(self, engine: AsyncEngine, policy: str, key: tuple[str, ...]) -> Budget:
        item = _parse(self.policy(policy))
        drawn = await engine.hit(item, policy, *key)
        stats = await engine.get_window_stats(item, policy, *key)
        return Budget.of(policy, item, stats, exceeded=self.enabled and not drawn)

    async def _peek(self, engine: AsyncEngine, policy: str, key: tuple[str, ...]) -> Budget:
        item = _parse(self.policy(policy))
        stats = await engine.get_window_stats(item, policy, *key)
        return Budget.of(policy, item, stats, exceeded=self.enabled and stats.remaining < 1)


@asynccontextmanager
async def open_rate_limiter(settings: Settings) -> AsyncIterator[RateLimiter]:
    """Yield a rate limiter whose store is open while the context lasts."""
    async with open_store(settings) as store:
        yield RateLimiter(settings, store)
