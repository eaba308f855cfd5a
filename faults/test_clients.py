"""Clients that take their time, or send far too much."""

import asyncio
from asyncio import StreamWriter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from faults.programs import HOST, Service
from faults.trial import Trials
from tests.factories import API

CONNECTIONS = 300
BITES = 5
"""How often each slow client sends something."""
ANSWERS_PER_BITE = 15
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
"""How an answer ends that the client does not read because it is still sending."""


@asynccontextmanager
async def connections(service: Service, count: int) -> AsyncIterator[list[StreamWriter]]:
    """That many connections to the service, open while the context lasts."""
    opened = [await asyncio.open_connection(HOST, service.port) for _ in range(count)]
    yield [writer for _, writer in opened]
    for _, writer in opened:
        writer.transport.abort()


@pytest.mark.parametrize("begin", [SLOW_HEADERS, SLOW_BODY], ids=["headers", "body"])
async def test_slow_clients_keep_nobody_waiting_and_cost_little(
    trials: Trials, service: Service, begin: bytes
) -> None:
    kind = "headers" if begin is SLOW_HEADERS else "bodies"
    descriptors = service.descriptors()
    async with trials.fault(f"{CONNECTIONS} slow {kind}", service, outcomes=()) as fault:
        before = service.megabytes()
        async with connections(service, CONNECTIONS) as writers:
            bites = 0
            # The service takes new connections in one by one, between requests.
            while bites < BITES or service.descriptors() < descriptors + CONNECTIONS:
                for writer in writers:
                    writer.write(b"x" if bites else begin)
                bites += 1
                await fault.wait_for_answers(bites * ANSWERS_PER_BITE)
            after = service.megabytes()

    assert (after - before) * MEGABYTE <= CONNECTIONS * BYTES_PER_CONNECTION
    while service.descriptors() > descriptors + CONNECTIONS // 10:
        await service.wait_until_ready()


def endless_header(*, size: int) -> Iterator[bytes]:
    """One header of that many bytes."""
    yield b"GET /livez HTTP/1.1\r\n" + LINE + b"X-Long: "
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)
    yield b"\r\n\r\n"


def many_headers(*, size: int) -> Iterator[bytes]:
    """Headers of that many bytes together."""
    yield b"GET /livez HTTP/1.1\r\n" + LINE
    yield from [b"X-Many: x\r\n" * (PART_BYTES // 11)] * (size // PART_BYTES)
    yield b"\r\n"


def long_query(*, size: int) -> Iterator[bytes]:
    """A path with that many bytes."""
    yield b"GET /livez?"
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)
    yield b" HTTP/1.1\r\n" + LINE + b"\r\n"


def declared_body(*, size: int) -> Iterator[bytes]:
    """A body that says how large it is."""
    yield f"POST {API}/users HTTP/1.1\r\nContent-Length: {size}\r\n".encode() + LINE
    yield b"Content-Type: application/json\r\n\r\n"
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)


def undeclared_body(*, size: int) -> Iterator[bytes]:
    """A body that comes in chunks."""
    yield f"POST {API}/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n".encode() + LINE
    yield b"Content-Type: application/json\r\n\r\n"
    chunk = f"{PART_BYTES:x}\r\n".encode() + b"x" * PART_BYTES + b"\r\n"
    yield from [chunk] * (size // PART_BYTES)


def endless_trailer(*, size: int) -> Iterator[bytes]:
    """A header of that many bytes after a body."""
    yield f"POST {API}/users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n".encode() + LINE
    yield b"Content-Type: application/json\r\n\r\n1\r\n{\r\n0\r\nX-Long: "
    yield from [b"x" * PART_BYTES] * (size // PART_BYTES)


HEADERS = [endless_header, many_headers, long_query, endless_trailer]
BODIES = [declared_body, undeclared_body]


async def test_requests_that_are_too_large_are_refused_before_they_have_been_read(
    trials: Trials, service: Service
) -> None:
    name = f"{SIZE // MEGABYTE} MB of headers, of bodies"
    async with trials.fault(name, service, outcomes=()):
        before = service.megabytes()
        headers = {await send(service, each(size=SIZE)) for each in HEADERS * TIMES}
        bodies = {await send(service, each(size=SIZE)) for each in BODIES * TIMES}
        after = service.megabytes()

    assert headers <= {"400", HUNG_UP}
    assert bodies <= {"413", HUNG_UP}
    assert after - before < SIZE // MEGABYTE


async def send(service: Service, parts: Iterator[bytes]) -> str:
    """The status of what is answered, which may be before all has been sent, or HUNG_UP."""
    reader, writer = await asyncio.open_connection(HOST, service.port)
    line = b""
    with suppress(ConnectionError):
        for part in parts:
            writer.write(part)
            await writer.drain()
        line = await reader.readline()
    writer.transport.abort()
    return line.split()[1].decode() if line else HUNG_UP
