"""A storm of log-ins holds neither the event loop nor the connections."""

import threading
from asyncio import create_task, gather
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from httpx import AsyncClient
from passlib.context import CryptContext
from sqlmodel import update
from zxcvbn import zxcvbn

from app.authentication.dependencies import get_hash_slot, get_token_grant
from app.core import password_strength, passwords
from app.core.passwords import PasswordHasher
from app.http.dependencies import get_session
from app.http.rate_limit import limiter
from app.runtime.resources import Resources
from app.users.models import User
from tests.factories import API, PASSWORD, Factory, Login, registration, request_token


@pytest.fixture
async def login(
    app: FastAPI,
    live_factory: Factory,
    live_resources: Resources,
    monkeypatch: pytest.MonkeyPatch,
) -> Login:
    """A session of a user whose password costs as much to verify as in production."""
    login = await live_factory.login()
    monkeypatch.setattr(limiter, "enabled", False)
    hasher = PasswordHasher(memory_kib=19_456, rounds=2, min_length=15)
    async with hasher.slot() as slot:
        costly = await slot.hash(PASSWORD)
    async with live_resources.database.transaction() as session:
        await session.exec(update(User).values(password_hash=costly))
    app.state.resources = replace(live_resources, passwords=hasher)
    return login


async def test_others_are_answered_while_32_log_ins_are_in_flight(
    live: AsyncClient, login: Login
) -> None:
    storm = [create_task(request_token(live, login.user.email)) for _ in range(32)]
    finished_at_each_answer: list[int] = []

    for _ in range(5):
        alive = await live.get("/livez")
        me = await live.get(f"{API}/users/me", headers=login.headers)
        assert (alive.status_code, me.status_code) == (200, 200)
        finished_at_each_answer.append(sum(task.done() for task in storm))

    statuses = Counter(response.status_code for response in await gather(*storm))
    assert statuses == {200: 32}
    assert finished_at_each_answer[-1] < 32


async def test_nothing_is_hashed_or_scored_in_the_thread_of_the_event_loop(
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


async def test_a_queue_that_is_full_is_a_503(
    live: AsyncClient, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 4)

    responses = await gather(*[request_token(live, login.user.email) for _ in range(10)])

    refused = [response for response in responses if response.status_code == 503]
    assert len(refused) >= 1
    assert {response.headers["Retry-After"] for response in refused} == {"1"}
    assert Counter(response.status_code for response in responses).keys() == {200, 503}


def test_a_hash_slot_is_taken_before_a_session(app: FastAPI) -> None:
    hashing = [
        (route, order)
        for route in iter_route_contexts(app.routes)
        if (order := list(_calls(route))) and {get_hash_slot, get_token_grant} & set(order)
    ]

    assert len(hashing) == 5
    for route, order in hashing:
        slot = get_hash_slot if get_hash_slot in order else get_token_grant
        assert order.index(slot) < order.index(get_session), route.path


def _calls(route: RouteContext) -> Iterator[object]:
    """What FastAPI calls for a route, in this order."""

    def walk(dependant: Dependant) -> Iterator[object]:
        for dependency in dependant.dependencies:
            yield from walk(dependency)
        yield dependant.call

    if isinstance(dependant := getattr(route, "dependant", None), Dependant):
        yield from walk(dependant)
