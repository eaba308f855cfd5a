"""Transactions of requests: one session, one connection and one transaction for each request."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Connection, event
from sqlmodel import func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.types import Message, Receive, Scope, Send

from app.core.database import Database
from app.core.ids import new_id
from app.core.tables import Base
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import API, OTHER_PASSWORD, PASSWORD, Factory, registration
from tests.support.inbox import Inbox
from tests.support.observation import unreachable_database
from tests.support.operations import OPERATIONS, Operation
from tests.support.registries import ENTRIES

WITHOUT_DATABASE = {"GET /livez"}
"""Operations that do not use the database."""


class Recorder:
    """ASGI middleware that records the messages of an application in their order."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.events: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def record(message: Message) -> None:
            self.events.append(message["type"])
            await send(message)

        await self.app(scope, receive, record)


@pytest.fixture
def recorder(app: FastAPI, live_resources: Resources) -> Iterator[Recorder]:
    """Yield a recorder of the application's messages and of its commits."""
    recorder = Recorder(app)

    def on_commit(_: Connection) -> None:
        recorder.events.append("commit")

    engine = live_resources.database.engine.sync_engine
    event.listen(engine, "commit", on_commit)
    yield recorder
    event.remove(engine, "commit", on_commit)


async def test_a_request_commits_before_its_response_starts(recorder: Recorder) -> None:
    async with AsyncClient(transport=ASGITransport(recorder), base_url="http://t") as client:
        response = await client.post(f"{API}/users", json=registration())

    assert response.status_code == 201
    assert recorder.events == ["commit", "http.response.start", "http.response.body"]


async def test_a_failing_commit_is_a_500_and_sends_no_mail(
    recorder: Recorder, live_resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: AsyncSession) -> None:
        recorder.events.append("failing commit")
        raise RuntimeError("no space left")

    monkeypatch.setattr(AsyncSession, "commit", fail)
    async with AsyncClient(transport=ASGITransport(recorder), base_url="http://t") as client:
        response = await client.post(f"{API}/users", json=registration())

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "no space left" not in response.text
    assert recorder.events == ["failing commit", "http.response.start", "http.response.body"]
    monkeypatch.undo()
    assert await Inbox(live_resources).read() == []


async def rows(resources: Resources) -> dict[str, int]:
    """Return the number of rows of each table."""
    async with resources.database.engine.connect() as connection:
        return {
            table.name: (
                await connection.execute(select(func.count()).select_from(table))
            ).scalar_one()
            for table in Base.metadata.sorted_tables
        }


async def test_a_request_that_ends_with_an_error_changes_no_rows(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()
    before = await rows(live_resources)
    weak = {"current_password": PASSWORD, "new_password": "passwordpassword"}
    wrong = {"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD}
    taken = registration(email=login.user.email)

    responses = [
        await live.post(f"{API}/users", json=taken),
        await live.post(f"{API}/users", json=registration(password="x" * 20)),
        await live.post(f"{API}/users/me/password", json=weak, headers=login.headers),
        await live.post(f"{API}/users/me/password", json=wrong, headers=login.headers),
        await live.post(f"{API}/auth/token", data={"grant_type": "refresh_token"}),
    ]

    assert [response.status_code for response in responses] == [409, 422, 422, 403, 400]
    assert await rows(live_resources) == before


async def test_a_request_that_gets_no_connection_in_time_is_a_503(
    app: FastAPI, live: AsyncClient, live_resources: Resources, live_factory: Factory
) -> None:
    login = await live_factory.login()
    database = Database(live_resources.database.engine, capacity=1, max_wait=0.05)
    app.state.resources = replace(live_resources, database=database)

    async with database.transaction():
        response = await live.get(f"{API}/users/me", headers=login.headers)

    assert (response.status_code, response.json()["code"]) == (503, "service_unavailable")
    assert response.headers["Retry-After"] == "1"


async def test_a_connection_returns_to_the_pool_after_any_exception(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    database = live_resources.database
    single = Database(database.engine, capacity=1, max_wait=0.05)

    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error):
            async with single.transaction():
                raise error

    async with single.transaction() as session:
        assert (await session.exec(select(func.count()).select_from(User))).one() == 0


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
async def test_without_a_database_each_operation_that_needs_one_is_a_503(
    app: FastAPI, client: AsyncClient, factory: Factory, resources: Resources, operation: Operation
) -> None:
    login = await factory.login()
    app.state.resources = replace(resources, database=unreachable_database())

    response = await client.request(
        operation.method,
        operation.path_with(new_id()),
        json=ENTRIES[operation.id].body,
        data=ENTRIES[operation.id].form,
        headers=login.headers,
    )

    assert (response.status_code == 503) == (operation.id not in WITHOUT_DATABASE)
    assert response.status_code < 500 or response.headers["Retry-After"] == "1"
