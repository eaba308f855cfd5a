"""Minimal server with the routes of `throughput.py`: Starlette and asyncpg, with SQL by hand.

It checks the access token with the same code, loads the user by the live session, and returns the
same bytes; it creates a task in one transaction. It has nothing else: no validation, no limits, no
log, no request id, no security headers, no entity tags, no audit trail.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.core.config import Settings
from app.core.keys import KeyRing
from app.core.pagination import Cursors
from app.core.tokens import AccessTokens
from benchmarks.bare_responses import authenticate, shown
from benchmarks.calls import modules_of_features


async def read_current_user(request: Request) -> JSONResponse:
    """Handle `GET /users/me`."""
    async with request.app.state.pool.acquire() as connection:
        user = await authenticate(request, connection)
    return JSONResponse(shown(dict(user)))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the connection pool and create the other shared objects."""
    settings = Settings()
    keys = KeyRing(settings.secrets)
    app.state.tokens = AccessTokens(keys, issuer=settings.link(""))
    app.state.cursors = Cursors(keys)
    size = settings.database_pool_size
    url = settings.database_url.get_secret_value()
    async with asyncpg.create_pool(url, min_size=size, max_size=size) as app.state.pool:
        yield


routes = [Route("/api/v1/users/me", read_current_user)]
for module in modules_of_features("bare_routes"):
    routes += module.routes
app = Starlette(routes=routes, lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
