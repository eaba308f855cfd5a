"""Bursts of log-ins, which block neither the event loop nor the database connections."""

import threading
from asyncio import create_task, gather
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from httpx import AsyncClient
from passlib.context import CryptContext
from sqlmodel import update
from zxcvbn import zxcvbn

from app.authentication.dependencies import get_claims, get_token_grant
from app.core import password_strength, passwords
from app.core.passwords import PasswordHasher
from app.http.dependencies import HASHES, get_hash_slot, get_unit_of_work
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import API, PASSWORD, Factory, Login, registration, request_token


@pytest.fixture
async def login(
    app: FastAPI, live_factory: Factory, live_resources: Resources, no_limits: None
) -> Login:
    """Return a session of a user whose password is as expensive to verify as in production."""
    login = await live_factory.login()
    hasher = PasswordHasher(memory_kib=19_456, rounds=2, min_length=15)
    async with hasher.slot() as slot:
        costly = await slot.hash(PASSWORD)
    async with live_resources.database.transaction() as session:
        await session.exec(update(User).values(password_hash=costly))
    app.state.resources = replace(live_resources, passwords=hasher)
    return login


async def test_other_requests_get_responses_while_32_log_ins_are_in_progress(
    live: AsyncClient, login: Login
) -> None:
    log_ins = [create_task(request_token(live, login.user.email)) for _ in range(32)]
    finished_at_each_response: list[int] = []

    for _ in range(5):
        alive = await live.get("/livez")
        me = await login.get(f"{API}/users/me")
        assert (alive.status_code, me.status_code) == (200, 200)
        finished_at_each_response.append(sum(task.done() for task in log_ins))

    statuses = Counter(response.status_code for response in await gather(*log_ins))
    assert statuses == {200: 32}
    assert finished_at_each_response[-1] < 32


async def test_no_password_is_hashed_or_scored_in_the_thread_of_the_event_loop(
    live: AsyncClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, int] = {}

    def watched(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            threads[name] = threading.get_ident()
            return work(*args, **kwargs)

        return call

    for name in ("hash", "verify"):
        monkeypatch.setattr(CryptContext, name, watched(name, getattr(CryptContext, name)))
    monkeypatch.setattr(password_strength, "zxcvbn", watched("score", zxcvbn))

    await live.post(f"{API}/users", json=registration())
    await request_token(live, login.user.email)

    assert threads.keys() == {"hash", "verify", "score"}
    assert threading.get_ident() not in threads.values()


async def test_a_log_in_is_a_503_if_the_queue_for_hashing_is_full(
    live: AsyncClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 4)

    responses = await gather(*[request_token(live, login.user.email) for _ in range(10)])

    unavailable = [response for response in responses if response.status_code == 503]
    assert len(unavailable) >= 1
    assert {response.headers["Retry-After"] for response in unavailable} == {"1"}
    assert Counter(response.status_code for response in responses).keys() == {200, 503}


def hashing_routes(app: FastAPI) -> list[RouteContext]:
    """Return the routes whose handlers have the decorator `hashes_passwords`."""
    return [route for route in iter_route_contexts(app.routes) if hasattr(route.endpoint, HASHES)]


def test_each_route_that_uses_a_hash_slot_has_the_decorator_hashes_passwords(
    app: FastAPI,
) -> None:
    using = [
        route.path
        for route in iter_route_contexts(app.routes)
        if {get_hash_slot, get_token_grant} & {*_calls(route)}
    ]

    assert {*using} == {route.path for route in hashing_routes(app)}
    assert len(using) == 5


def test_each_route_checks_the_access_token_before_it_waits_for_a_slot_or_a_session(
    app: FastAPI,
) -> None:
    authenticated = [
        (route.path, order)
        for route in iter_route_contexts(app.routes)
        if get_claims in (order := [*_calls(route)])
    ]

    assert len(authenticated) > 10
    for path, order in authenticated:
        assert order.index(get_claims) < order.index(get_unit_of_work), path


@pytest.mark.parametrize("password", ["known", "unknown"])
async def test_a_log_in_that_waits_for_a_hash_slot_holds_no_session(
    live: AsyncClient, login: Login, app: FastAPI, password: str
) -> None:
    resources: Resources = app.state.resources
    async with AsyncExitStack() as slots:
        for _ in range(resources.passwords.capacity):
            await slots.enter_async_context(resources.passwords.slot())
        request = create_task(request_token(live, login.user.email, password))
        while resources.passwords.waiting == 0:
            await checkpoint()
        used = resources.database.used
    await request

    assert used == 0


def _calls(route: RouteContext) -> Iterator[object]:
    """Yield the functions that FastAPI calls for a route, in their order."""

    def walk(dependant: Dependant) -> Iterator[object]:
        for dependency in dependant.dependencies:
            yield from walk(dependency)
        yield dependant.call

    if isinstance(dependant := getattr(route, "dependant", None), Dependant):
        yield from walk(dependant)
