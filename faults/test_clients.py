"""Slow clients, and clients that send requests of excessive size."""

import asyncio
from asyncio import StreamWriter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from faults.programs import HOST, Service
from faults.trial import Trials
from tests.support.factories import API

CONNECTIONS = 300
ROUNDS = 5
"""Minimum number of times that each slow client sends something."""
RESULTS_PER_ROUND = 15
LINE = f"Host: {HOST}\r\n".encode()
SLOW_HEADERS = b"GET /livez HTTP/1.1\r\n" + LINE + b"X-Slow: "
SLOW_BODY = (
    f"POST {API}/users HTTP/1.1\r\n".encode()
    + LINE
    + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)
BYTES_PER_CONNECTION = 50_000
MEGABYTE = 1_000_000
SIZE = 10 * MEGABYTE
PART_BYTES = 10_000
TIMES = 3
HUNG_UP = "hung up"
"""Outcome if the server closes the connection while the client is still sending."""


@asynccontextmanager
async def connections(service: Service, count: int) -> AsyncIterator[list[StreamWriter]]:
    """Open connections to the service, and abort them at the end."""
    opened = [await asyncio.open_connection(HOST, service.port) for _ in range(count)]
    yield [writer for _, writer in opened]
    for _, writer in opened:
        writer.transport.abort()


@pytest.mark.parametrize("begin", [SLOW_HEADERS, SLOW_BODY], ids=["headers", "body"])
async def test_slow_clients_delay_no_other_requests_and_cost_little_memory(
    trials: Trials, service: Service, begin: bytes
) -> None:
    kind = "headers" if begin is SLOW_HEADERS else "bodies"
    descriptors = service.descriptors()
    async with trials.fault(f"{CONNECTIONS} slow {kind}", service, outcomes=()) as fault:
        before = service.megabytes()
        async with connections(service, CONNECTIONS) as writers:
            rounds = 0
            # The service accepts new connections one by one, between requests.
            while rounds < ROUNDS or service.descriptors() < descriptors + CONNECTIONS:
                for writer in writers:
                    writer.write(b"x" if rounds else begin)
                rounds += 1
                await fault.wait_for_results(rounds * RESULTS_PER_ROUND)
            after = service.megabytes()

    assert (after - before) * MEGABYTE <= CONNECTIONS * BYTES_PER_CONNECTION
    while service.descriptors() > descriptors + CONNECTIONS // 10:
        await service.wait_until_ready()


def endless_header(*, size: int) -> Iterator[bytes]:
    """Yield a request with one header of `size` bytes."""
    yield b"GET /livez HTTP/1.1\r\n" + LINE + b"X-Long: "
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)
    yield b"\r\n\r\n"


def many_headers(*, size: int) -> Iterator[bytes]:
    """Yield a request with short headers of `size` bytes in total."""
    yield b"GET /livez HTTP/1.1\r\n" + LINE
    yield from [b"X-Many: x\r\n" * (PART_BYTES // 11)] * (size // PART_BYTES)
    yield b"\r\n"


def long_query(*, size: int) -> Iterator[bytes]:
    """Yield a request with a query of `size` bytes."""
    yield b"GET /livez?"
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)
    yield b" HTTP/1.1\r\n" + LINE + b"\r\n"


def declared_body(*, size: int) -> Iterator[bytes]:
    """Yield a request with a body and its `Content-Length`."""
    yield f"POST {API}/users HTTP/1.1\r\nContent-Length: {size}\r\n".encode() + LINE
    yield b"Content-Type: application/json\r\n\r\n"
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)


def undeclared_body(*, size: int) -> Iterator[bytes]:
    """Yield a request with a body in chunks."""
    yield f"POST {API}/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n".encode() + LINE
    yield b"Content-Type: application/json\r\n\r\n"
    chunk = f"{PART_BYTES:x}\r\n".encode() + b"x" * PART_BYTES + b"\r\n"
    yield from [chunk] * (size // PART_BYTES)


def endless_trailer(*, size: int) -> Iterator[bytes]:
    """Yield a request with a trailer of `size` bytes after the body."""
    yield f"POST {API}/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n".encode() + LINE
    yield b"Content-Type: application/json\r\n\r\n1\r\n{\r\n0\r\nX-Long: "
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)


HEADERS = [endless_header, many_headers, long_query, endless_trailer]
BODIES = [declared_body, undeclared_body]


async def test_requests_that_are_too_large_are_rejected_before_they_have_been_read(
    trials: Trials, service: Service
) -> None:
    name = f"{SIZE // MEGABYTE} MB of headers, of bodies"
    async with trials.fault(name, service, outcomes=()):
        before = service.megabytes()
        headers = {await send(service, request(size=SIZE)) for request in HEADERS * TIMES}
        bodies = {await send(service, request(size=SIZE)) for request in BODIES * TIMES}
        after = service.megabytes()

    assert headers <= {"400", HUNG_UP}
    assert bodies <= {"413", HUNG_UP}
    assert after - before < SIZE // MEGABYTE


async def send(service: Service, parts: Iterator[bytes]) -> str:
    """Send a request and return the status, which can arrive before the end, or HUNG_UP."""
    reader, writer = await asyncio.open_connection(HOST, service.port)
    line = b""
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
        line = await reader.readline()
    writer.transport.abort()
    return line.split()[1].decode() if line else HUNG_UP
