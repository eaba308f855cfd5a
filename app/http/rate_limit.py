"""Rate limits.

Two engines of one library share the store. slowapi's decorators, which count synchronously, carry
the limits of the sensitive routes; everything else counts asynchronously. The store
is `rate_limit_store.py`; this is the only place that imports slowapi.
"""

import ipaddress
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from limits import RateLimitItem, WindowStats, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter as AsyncEngine
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded

from app.core import clock
from app.core.config import Settings
from app.core.errors import RateLimited
from app.core.rate_limit_store import Store, open_store
from app.http.problems import answer_app_error

IPV6_PREFIX = 64
"""One customer holds a whole /64, so its addresses count as one."""

BUDGETS = "rate_limit_budgets"
"""Where the budgets that were drawn on asynchronously stand in the ASGI scope's state."""

_parse = cache(parse)  # each request asks for one of a few


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
        name = policy.removeprefix("limit_")
        return cls(name, item.amount, item.get_expiry(), stats.remaining, reset_seconds, exceeded)

    def refuse_if_exceeded(self) -> None:
        """Raises RateLimited."""
        if self.exceeded:
            raise RateLimited(self.reset_seconds)


class SharedLimiter(Limiter):
    """slowapi's limiter, with an asynchronous side on the same store."""

    def __init__(self) -> None:
        super().__init__(
            key_func=by_ip,
            key_style="endpoint",  # by URL, every id in a path would have a budget of its own
            # An empty file. Without one it would read the application's `.env` by itself.
            config_filename=str(Path(__file__).parent.parent / "py.typed"),
        )
        self._store = Store()

    def get_app_config(self, key: str, default_value: Any = None) -> Any:  # noqa: ARG002 -- slowapi calls it
        """The default. slowapi would look in the environment, and take "false" for true there."""
        return default_value

    @property
    def limiter(self) -> Store:
        """The engine of slowapi's decorators."""
        return self._store

    @asynccontextmanager
    async def open(self, settings: Settings) -> AsyncIterator[None]:
        """Count by these settings, in the store that they name, while the context lasts."""
        outer_settings, outer_store = getattr(self, "settings", settings), self._store
        async with open_store(settings) as store:
            self._store = store
            self.configure(settings)
            try:
                yield
            finally:
                self.configure(outer_settings)
                self._store = outer_store

    def configure(self, settings: Settings) -> None:
        """Take the policies from these settings."""
        self.settings = settings
        self.enabled = settings.limits_enabled

    def policy(self, name: str) -> Callable[[], str]:
        """The policy of that setting, looked up at each request: for slowapi's decorators."""
        return lambda: str(getattr(self.settings, name))

    async def draw(self, policy: str, *key: str) -> Budget:
        """Take one from the budget of `key`; exceeded when there was none left."""
        return await self._store.count(lambda engine: self._draw(engine, policy, key))

    async def peek(self, policy: str, *key: str) -> Budget:
        """The budget of `key`, untouched; exceeded when there is none left."""
        return await self._store.count(lambda engine: self._peek(engine, policy, key))

    async def is_store_usable(self) -> bool | None:
        """Return True if Redis counts; None if there is none."""
        return await self._store.is_usable()

    @property
    def is_store_away(self) -> bool:
        """Whether this process counts alone because Redis is away."""
        return self._store.is_away

    def budgets(self, state: dict[str, Any]) -> list[Budget]:
        """The budgets that a request drew on, by the state of its ASGI scope."""
        budgets: list[Budget] = state.get(BUDGETS, [])
        item, key = state.get("view_rate_limit") or (None, [])
        if not self.enabled or item is None:
            return budgets
        policy = key[-1].rpartition(".")[2]  # the name of the decorated function
        stats = self.limiter.get_window_stats(item, *key)
        return [*budgets, Budget.of(policy, item, stats, exceeded=False)]

    async def _draw(self, engine: AsyncEngine, policy: str, key: tuple[str, ...]) -> Budget:
        item = _parse(self.policy(policy)())
        drawn = await engine.hit(item, policy, *key)
        stats = await engine.get_window_stats(item, policy, *key)
        return Budget.of(policy, item, stats, exceeded=self.enabled and not drawn)

    async def _peek(self, engine: AsyncEngine, policy: str, key: tuple[str, ...]) -> Budget:
        item = _parse(self.policy(policy)())
        stats = await engine.get_window_stats(item, policy, *key)
        return Budget.of(policy, item, stats, exceeded=self.enabled and stats.remaining < 1)


def by_ip(request: Request) -> str:
    """The client's address: the key of limits that need no log-in."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "unknown"  # slowapi lets everything through whose key is empty
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:  # how a socket for both versions names IPv4 clients
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def by_user(request: Request) -> str:
    """The user, whose credential authentication has verified before."""
    return str(request.state.user_id)


async def answer_rate_limit_exceeded(request: Request, _: RateLimitExceeded) -> JSONResponse:
    """Answer what a decorator refused."""
    exceeded = limiter.budgets(request.scope["state"])[-1]
    return await answer_app_error(request, RateLimited(exceeded.reset_seconds))


def install_rate_limits(app: FastAPI) -> None:
    """Have the refusals of the decorators answered as problem documents."""
    app.exception_handler(RateLimitExceeded)(answer_rate_limit_exceeded)


limiter = SharedLimiter()
"""The one limiter; the lifespan gives it its settings and its store."""
