"""Clients that close their connection during a request, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from fastapi import FastAPI
from sqlalchemy.pool import QueuePool

from app.core.passwords import PasswordHasher
from app.outbox.models import OutboxMessage
from app.runtime.resources import Resources
from app.sessions.models import LoginSession, RefreshToken
from app.users.models import User
from tests.support.factories import API, PASSWORD, Factory, registration
from tests.support.isolation import captured_log
from tests.support.serving import Served, connected, served

FORM = "application/x-www-form-urlencoded"
MAX_WAIT_SECONDS = 10


@pytest.fixture
async def server(app: FastAPI, live_resources: Resources) -> AsyncIterator[Served]:
    async with served(app) as server:
        yield server


def post(path: str, body: str, media_type: str = "application/json") -> bytes:
    """Return the bytes of a complete request."""
    head = f"POST {API}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(MAX_WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 -- the condition is a count, which sets no event
            await asyncio.sleep(0)


async def send_and_disconnect(server: Served, request: bytes, *, when: Callable[[], bool]) -> None:
    """Send the bytes, and close the connection as soon as the condition is true."""
    async with connected(server) as connection:
        connection.writer.write(request)
        await until(when)


def resources_in_use(resources: Resources) -> list[int]:
    """Return the numbers of used and awaited transactions, connections and hash slots."""
    database, passwords = resources.database, resources.passwords
    assert isinstance(database.engine.pool, QueuePool)
    transactions = [database.used, database.waiting, database.engine.pool.checkedout()]
    return [*transactions, passwords.used, passwords.waiting]


@asynccontextmanager
async def all_transactions_used(resources: Resources) -> AsyncIterator[None]:
    """Use all transactions, so that each request that needs the database waits."""
    async with AsyncExitStack() as transactions:
        for _ in range(resources.database.capacity):
            await transactions.enter_async_context(resources.database.transaction(read_only=True))
        yield


@asynccontextmanager
async def all_slots_used(resources: Resources) -> AsyncIterator[None]:
    """Use all hash slots, so that each request that hashes a password waits."""
    async with AsyncExitStack() as slots:
        for _ in range(resources.passwords.capacity):
            await slots.enter_async_context(resources.passwords.slot())
        yield


@pytest.mark.parametrize(
    "request_",
    [
        post("/users", json.dumps(registration())),
        post("/auth/token", f"grant_type=password&username=a&password={PASSWORD}", FORM),
        post("/auth/password-reset", '{"email": "ada@example.com"}'),
    ],
    ids=["registration", "log-in", "reset"],
)
async def test_an_incomplete_body_changes_nothing_and_is_a_400(
    server: Served, live_resources: Resources, live_factory: Factory, request_: bytes
) -> None:
    with captured_log() as log:
        await send_and_disconnect(server, request_[:-5], when=lambda: server.is_busy)
        await server.finish_requests()

    assert [await live_factory.count(table) for table in (User, LoginSession, OutboxMessage)] == [
        0
    ] * 3
    assert resources_in_use(live_resources) == [0] * 5
    assert [(line["event"], line["status"]) for line in log.lines] == [("request", 400)]


async def test_a_log_in_is_complete_or_absent_if_its_client_disconnects(
    server: Served, live_resources: Resources, live_factory: Factory
) -> None:
    user = await live_factory.user()
    form = f"grant_type=password&username={user.email}&password={PASSWORD}"

    async with all_slots_used(live_resources):
        await send_and_disconnect(
            server,
            post("/auth/token", form, FORM),
            when=lambda: live_resources.passwords.waiting == 1,
        )
    await server.finish_requests()

    assert await live_factory.count(LoginSession) == await live_factory.count(RefreshToken)
    assert resources_in_use(live_resources) == [0] * 5


async def test_a_registration_is_complete_or_absent_if_its_client_disconnects(
    server: Served, app: FastAPI, live_resources: Resources, live_factory: Factory
) -> None:
    slow = PasswordHasher(memory_kib=65_536, rounds=4, min_length=15)
    app.state.resources = resources = replace(live_resources, passwords=slow)

    await send_and_disconnect(
        server, post("/users", json.dumps(registration())), when=lambda: slow.used == 1
    )
    await server.finish_requests()

    assert await live_factory.count(User) == await live_factory.count(OutboxMessage)
    assert resources_in_use(resources) == [0] * 5


async def test_a_client_that_disconnects_while_it_waits_for_the_database_leaves_the_queue(
    server: Served, live_resources: Resources, live_factory: Factory
) -> None:
    login = await live_factory.login()
    request = f"GET {API}/users/me HTTP/1.1\r\nHost: localhost\r\n"
    request += f"Authorization: {login.headers['Authorization']}\r\n\r\n"

    async with all_transactions_used(live_resources):
        for waiting in range(1, 4):
            await send_and_disconnect(
                server,
                request.encode(),
                when=lambda: live_resources.database.waiting == waiting,  # noqa: B023 -- called before the next iteration
            )
    await server.finish_requests()

    assert resources_in_use(live_resources) == [0] * 5
    assert (await login.get(f"{API}/users/me")).status_code == 200


async def test_a_client_that_does_not_read_a_large_response_leaves_no_connection(
    server: Served,
) -> None:
    request = b"GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n"

    await send_and_disconnect(server, request, when=lambda: server.is_busy)
    await server.finish_requests()

    assert not server.is_busy
    assert not server.server.server_state.connections
