"""Fixture of the application behind a real server, for real HTTP clients."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app.runtime.resources import Resources
from tests.support.factories import API
from tests.support.serving import served


@pytest.fixture
async def api_url(app: FastAPI, live_resources: Resources) -> AsyncIterator[str]:
    """Serve the API in the event loop of the test, and yield its URL."""
    async with served(app) as server:
        host, port = server.address
        yield f"http://{host}:{port}{API}"
