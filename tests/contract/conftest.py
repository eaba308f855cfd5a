"""A fixture: the application behind a real server, for clients that speak real HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import FastAPI

from app.core.resources import Resources
from tests.factories import API


@pytest.fixture
async def api_url(app: FastAPI, live_resources: Resources) -> AsyncIterator[str]:
    """Where the API is served, in the event loop of the test."""
    # It listens already: who connects before the server has started waits in the backlog.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        host, port = listener.getsockname()
        yield f"http://{host}:{port}{API}"
        server.should_exit = True
        await serving
