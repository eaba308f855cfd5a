"""Application behind its real server, in the event loop of a test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from app.http.server import configuration

MAX_WAIT_SECONDS = 10


@dataclass(frozen=True)
class Served:
    """Application that is being served."""

    address: tuple[str, int]
    server: uvicorn.Server

    @property
    def is_busy(self) -> bool:
        """True if the application is still handling a request."""
        return bool(self.server.server_state.tasks)

    async def finish_requests(self) -> None:
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            await asyncio.gather(*self.server.server_state.tasks)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[Served]:
    """Serve an application whose lifespan has already started."""
    # The socket listens already, so that a client that connects early waits in the backlog.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        config = configuration(app, host=host, port=port)
        config.lifespan = "off"
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield Served((host, port), server)
        finally:
            server.should_exit = True
            await serving


@dataclass(frozen=True)
class RawResponse:
    """Response as it was read from the socket."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Connection for requests that HTTP clients do not send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def request(self, method: str, path: str, **headers: str) -> RawResponse:
        """Send a request without a body, and read the response up to its `Content-Length`."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status_line, *fields = head.rstrip().split("\r\n")
        response_headers = dict(field.lower().split(": ", 1) for field in fields)
        length = 0 if method == "HEAD" else int(response_headers.get("content-length", 0))
        body = await self._reader.readexactly(length)
        return RawResponse(int(status_line.split()[1]), response_headers, body)


@asynccontextmanager
async def connected(server: Served) -> AsyncIterator[Connection]:
    """Open a connection to the server, and abort it at the end."""
    reader, writer = await asyncio.open_connection(*server.address)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()
