"""Fixtures of servers that never complete a connection."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.certificates import write_certificate


@pytest.fixture
async def untrusted_server(tmp_path: Path) -> AsyncIterator[int]:
    """Yield the port of a server that offers TLS with its own, untrusted certificate."""
    file = tmp_path / "server.pem"
    write_certificate(file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # SSLRequest
        writer.write(b"S")
        with suppress(ssl.SSLError, ConnectionError):
            await writer.start_tls(context)
        writer.close()

    async with await asyncio.start_server(accept, "localhost", 0, family=socket.AF_INET) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def plain_server() -> AsyncIterator[int]:
    """Yield the port of a server that rejects PostgreSQL's request for TLS."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # SSLRequest
        writer.write(b"N")
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Yield the port of a server that accepts connections and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
