"""Rate limits with other settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import FastAPI

from app.core.config import Settings
from app.core.rate_limiter import RateLimiter, open_rate_limiter
from app.http.rate_limit import limiter
from app.runtime.resources import Resources


@asynccontextmanager
async def use_limits(app: FastAPI, settings: Settings) -> AsyncIterator[RateLimiter]:
    """Limit requests as the settings define while the context lasts."""
    resources: Resources = app.state.resources
    async with open_rate_limiter(settings) as rate_limiter:
        app.state.resources = replace(resources, rate_limiter=rate_limiter)
        try:
            with limiter.using(rate_limiter):
                yield rate_limiter
        finally:
            app.state.resources = resources
