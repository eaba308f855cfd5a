"""A fixture: the application behind a real server, for clients that speak real HTTP."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app.runtime.resources import Resources
from tests.factories import API
from tests.serving import served


@pytest.fixture
async def api_url(app: FastAPI, live_resources: Resources) -> AsyncIterator[str]:
    """Serve the API in the event loop of the test, and return its address."""
    async with served(app) as server:
        host, port = server.address
        yield f"http://{host}:{port}{API}"
