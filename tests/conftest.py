"""Fixtures: a migrated database for each worker, and an application that uses it.

`client` is for most tests: its requests run in one transaction, which is rolled back. `live` is for
tests that need several connections, such as races and crashes: its rows are deleted afterwards.
"""

import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from limits.storage import RedisStorage
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock, migrations, rate_limit_store
from app.core.config import Settings
from app.core.database import Database
from app.core.database_engine import create_engine
from app.core.names import NAME
from app.features import TABLES, ServiceSettings
from app.mail.memory import MemoryMailer
from app.main import create_app
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import Factory, Login
from tests.support.inbox import Inbox
from tests.support.isolation import Log, captured_log
from tests.support.observed_responses import ObservedResponses
from tests.support.operations import DOCUMENT, Operation
from tests.support.redis_server import RedisServer
from tests.support.registries import operations_of
from tests.support.servers import find_unusable_server

SetClock = Callable[[datetime], None]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
RESPONSES = ObservedResponses(DOCUMENT)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option with which `make check` skips operations that a change cannot break."""
    parser.addoption(
        "--features", help="Run tests for all operations only for those of these features: a,b"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Compare the responses in all tests with the OpenAPI document."""
    config.pluginmanager.register(RESPONSES)


def pytest_sessionstart() -> None:
    """End the run with one line if a server that the environment names cannot be used."""
    if WORKER == "main" and (problem := find_unusable_server()):
        pytest.exit(problem, returncode=pytest.ExitCode.USAGE_ERROR)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remove the tests for operations of other features than those of the option."""
    if names := config.getoption("features"):
        chosen = operations_of(names.split(","))
        kept = [item for item in items if operation_of(item) in {None, *chosen}]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def operation_of(item: pytest.Item) -> str | None:
    """Return the id of the operation that the test is parametrised by, or None."""
    values = (
        item.callspec.params.values()
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else ()
    )
    return next((value.id for value in values if isinstance(value, Operation)), None)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Return the backend of the session's event loop, which engines belong to."""
    return "asyncio"


@asynccontextmanager
async def empty_database(label: str, directory: Path) -> AsyncIterator[str]:
    """Yield the URL of a new database, which is dropped afterwards."""
    if (address := os.environ.get("TEST_DATABASE_URL")) is None:
        yield f"sqlite:///{directory / f'{label}_test.db'}"
        return
    url = make_url(address)
    own = f"{(url.database or '').removesuffix('_test')}_{label}_test"
    postgres = url.set(database="postgres").render_as_string(hide_password=False)
    server = create_engine(postgres, pool_size=1, for_migrations=True)  # without time limits
    async with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
        await connection.execute(text(f'CREATE DATABASE "{own}"'))
        try:
            yield url.set(database=own).render_as_string(hide_password=False)
        finally:
            await connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
    await server.dispose()


def with_parameters(url: str, **parameters: str) -> str:
    """Return the URL with these parameters added to its query."""
    return make_url(url).update_query_dict(parameters).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
async def database_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Yield the URL of this worker's empty database."""
    async with empty_database(WORKER, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    """Return the settings of a development server, with cheap hashes."""
    return ServiceSettings(
        _env_file=None,
        secret_key=secrets.token_urlsafe(48),
        database_url=database_url,
        redis_url=os.environ.get("TEST_REDIS_URL"),
        argon2_memory_kib=8,
        argon2_rounds=1,
        outbox_embedded=False,
    )


async def upgrade(url: str) -> None:
    """Migrate the database at the URL, like `python -m app migrate`."""
    settings = Settings(_env_file=None, secret_key=secrets.token_urlsafe(48), database_url=url)
    await run_sync(migrations.upgrade, settings)


@pytest.fixture(scope="session")
def own_limits(settings: Settings) -> Iterator[None]:
    """Count in Redis under keys of this worker, and delete them at the end.

    The limits of other workers, of earlier runs and of a developer's service are not changed.
    """
    prefix = f"{NAME}:tests:{secrets.token_hex(8)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limit_store, "KEY_PREFIX", prefix)
        yield
    if settings.redis_url:
        storage = RedisStorage(settings.redis_url.get_secret_value(), key_prefix=prefix)
        storage.reset()
        storage.storage.close()


@pytest.fixture(scope="session")
async def app(settings: Settings, own_limits: None) -> AsyncIterator[FastAPI]:
    """Yield the application, started, on the migrated database."""
    await upgrade(settings.database_url.get_secret_value())
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.state.opened = app.state.resources
        yield app


class SavepointDatabase(Database):
    """Database whose transactions are savepoints of one transaction, which is never committed.

    Its capacity is 1, so a request that opens a second session gets 503.
    """

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        super().__init__(engine, capacity=1)
        self._connection = connection

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """Roll back everything that happens in the context."""
        savepoint = await self._connection.begin_nested()
        yield
        await savepoint.rollback()

    def _open(self, *, read_only: bool) -> AsyncSession:  # noqa: ARG002 -- all share one connection
        return AsyncSession(
            bind=self._connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
        )


@pytest.fixture
async def resources(app: FastAPI) -> AsyncIterator[Resources]:
    """Yield the application's resources, in a transaction that is rolled back after the test."""
    opened: Resources = app.state.opened
    async with opened.database.engine.connect() as connection:
        transaction = await connection.begin()
        database = SavepointDatabase(opened.database.engine, connection)
        app.state.resources = replace(opened, database=database, mailer=MemoryMailer())
        yield app.state.resources
        await transaction.rollback()


@pytest.fixture
async def live_resources(app: FastAPI) -> AsyncIterator[Resources]:
    """Yield the application's resources, with a real pool.

    All rows are deleted after the test, except those of the audit trail, which cannot be deleted.
    """
    opened: Resources = app.state.opened
    app.state.resources = replace(opened, mailer=MemoryMailer())
    yield app.state.resources
    async with opened.database.engine.begin() as connection:
        for table in reversed(TABLES.sorted_tables):
            if table.name != "activity":
                await connection.execute(table.delete())


@asynccontextmanager
async def open_client(app: FastAPI, *, ip: str | None = None) -> AsyncIterator[AsyncClient]:
    """Yield a client with an address of its own, so that no other test spends its limits."""
    address = ip or f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
    transport = ASGITransport(RESPONSES.observe(app), client=(address, 50_000))
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
async def client(app: FastAPI, resources: Resources) -> AsyncIterator[AsyncClient]:
    """Yield a client whose writes are rolled back. Do not send requests concurrently."""
    async with open_client(app) as client:
        yield client


@pytest.fixture
def factory(client: AsyncClient, resources: Resources) -> Factory:
    """Return the factory in the transaction of `client`."""
    return Factory(client, resources)


@pytest.fixture
async def user(factory: Factory) -> User:
    """Return a new user."""
    return await factory.user()


@pytest.fixture
async def login(factory: Factory) -> Login:
    """Return a session of another new user."""
    return await factory.login()


@pytest.fixture
async def admin(factory: Factory) -> Login:
    """Return a session of a new admin."""
    return await factory.admin()


@pytest.fixture
def log() -> Iterator[Log]:
    """Yield the log in the format of production, at level DEBUG."""
    with captured_log() as log:
        yield log


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Return a function that stops the clock at a moment."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_clock


@pytest.fixture
def inbox(resources: Resources) -> Inbox:
    """Return the mails of `client`, which are sent when the test reads them."""
    return Inbox(resources)


@pytest.fixture
async def live(app: FastAPI, live_resources: Resources) -> AsyncIterator[AsyncClient]:
    """Yield a client for concurrent requests, each in a transaction of its own."""
    async with open_client(app) as client:
        yield client


@pytest.fixture
def live_factory(live: AsyncClient, live_resources: Resources) -> Factory:
    """Return a factory that commits its rows."""
    return Factory(live, live_resources)


@pytest.fixture
def no_limits(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable all rate limits."""
    rate_limiter = app.state.opened.rate_limiter
    disabled = rate_limiter.settings.model_copy(update={"limits_enabled": False})
    monkeypatch.setattr(rate_limiter, "settings", disabled)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Yield a running Redis server."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()
