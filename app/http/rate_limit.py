"""Limits of routes, as dependencies that count before the handler runs.

The general limit covers every route of the API. A sensitive route also has a limit of its own:
`dependencies=[Depends(limit_registration)]`. Limits by user are counted after authentication,
because with false credentials a client could otherwise use up the budget of another user, or get a
new budget with each request.

The only module that imports slowapi, whose decorators count the limits of sensitive routes.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded

from app.core.errors import RateLimited
from app.core.rate_limit_store import Store
from app.core.rate_limiter import Budget, RateLimiter
from app.http.dependencies import get_resources
from app.http.problems import respond_to_app_error

IPV6_PREFIX = 64
"""Number of bits of an IPv6 address that are counted, because a client often has a whole /64."""
BUDGETS = "rate_limit_budgets"
"""Key of the budgets in the ASGI scope's state, except those that slowapi counts."""

P = ParamSpec("P")
RouteLimit = Callable[P, Awaitable[None]]


def by_ip(request: Request) -> str:
    """Return the client's address, the key of limits that need no authentication."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host or "unknown"  # slowapi does not count requests with an empty key
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:  # an IPv4 client of a socket for both versions
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))


def by_user(request: Request) -> str:
    """Return the id of the authenticated user."""
    return str(request.state.user_id)


class RouteLimiter(Limiter):
    """Limiter of slowapi that counts in the store of the application's rate limiter."""

    def __init__(self) -> None:
        self._rate_limiter: RateLimiter | None = None
        super().__init__(
            key_func=by_ip,
            key_style="endpoint",  # by URL, each id in a path would have a budget of its own
            # An empty file. Without one, slowapi reads the application's `.env`.
            config_filename=str(Path(__file__).parent.parent / "py.typed"),
        )

    def get_app_config(self, key: str, default_value: Any = None) -> Any:  # noqa: ARG002 -- slowapi calls it
        """Return the default, because slowapi reads the environment and takes "false" for true."""
        return default_value

    @contextmanager
    def using(self, rate_limiter: RateLimiter) -> Iterator[None]:
        """Count with this rate limiter while the context lasts."""
        outer, self._rate_limiter = self._rate_limiter, rate_limiter
        try:
            yield
        finally:
            self._rate_limiter = outer

    @property
    def limiter(self) -> Store:
        """Store in which slowapi's decorators count."""
        return self._used.store

    @property
    def enabled(self) -> bool:
        """True while an application is open whose settings enable limits."""
        return self._rate_limiter is not None and self._rate_limiter.enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        """Ignore the value that slowapi sets in its constructor."""

    def limited(
        self,
        policy: str,
        *,
        name: str | None = None,
        key: Callable[[Request], str] = by_ip,
    ) -> Callable[[RouteLimit[P]], RouteLimit[P]]:
        """Return the decorator of a dependency that limits requests by the policy and the key.

        Clients see `name` in the header `RateLimit-Policy`. By default it is the policy's name.
        """
        decorator: Callable[[RouteLimit[P]], RouteLimit[P]] = self.shared_limit(
            lambda: self._used.policy(policy), scope=name or policy, key_func=key
        )
        return decorator

    def budgets(self, state: dict[str, Any]) -> list[Budget]:
        """Return the budgets that a request counted in, from the state of its ASGI scope."""
        budgets: list[Budget] = state.get(BUDGETS, [])
        item, key = state.get("view_rate_limit") or (None, [])
        if item is None or not self.enabled:
            return budgets
        stats = self.limiter.get_window_stats(item, *key)
        return [*budgets, Budget.of(key[-1], item, stats, exceeded=False)]

    @property
    def _used(self) -> RateLimiter:
        if self._rate_limiter is None:
            raise RuntimeError("No application is open.")
        return self._rate_limiter


limiter = RouteLimiter()
"""Limiter that slowapi's decorators belong to. `create_app` connects it to the rate limiter."""


async def limit_general(request: Request) -> None:
    """Limit all requests from one IP address. Raises RateLimited."""
    rate_limiter = (await get_resources(request)).rate_limiter
    if not rate_limiter.enabled:
        return
    budget = await rate_limiter.draw("general", by_ip(request))
    request.scope["state"][BUDGETS] = [budget]
    budget.raise_if_exceeded()


async def respond_to_rate_limit_exceeded(request: Request, _: RateLimitExceeded) -> JSONResponse:
    """Return the response to a request that exceeds the limit of a decorator."""
    exceeded = limiter.budgets(request.scope["state"])[-1]
    return await respond_to_app_error(request, RateLimited(exceeded.reset_seconds))


def install_rate_limits(app: FastAPI) -> None:
    """Add the handler of slowapi's error."""
    app.exception_handler(RateLimitExceeded)(respond_to_rate_limit_exceeded)
