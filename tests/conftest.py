"""Fixtures: a migrated database for each worker, and an application that writes into it.

`client` is for most tests: all it does happens in a transaction that is rolled back. `live` is for
what must be seen over several connections (races, crashes): its rows are deleted afterwards.
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
from app.core.tables import Base
from app.mail.memory import MemoryMailer
from app.main import create_app
from app.runtime.resources import Resources
from tests.factories import Factory
from tests.inbox import Inbox
from tests.observed_answers import ObservedAnswers
from tests.redis_server import RedisServer
from tests.routes import DOCUMENT

SetClock = Callable[[datetime], None]
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
ANSWERS = ObservedAnswers(DOCUMENT)


def pytest_configure(config: pytest.Config) -> None:
    """Compare what is answered with what the document tells."""
    config.pluginmanager.register(ANSWERS)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for the session: engines live in it."""
    return "asyncio"


@asynccontextmanager
async def empty_database(label: str, directory: Path) -> AsyncIterator[str]:
    """The URL of a new database, which is gone afterwards."""
    if (given := os.environ.get("TEST_DATABASE_URL")) is None:
        yield f"sqlite:///{directory / f'{label}_test.db'}"
        return
    url = make_url(given)
    name = url.database or ""
    if not name.endswith("_test"):
        pytest.exit(f"The suite empties its database: {name!r} has to end in '_test'.")
    own = f"{name.removesuffix('_test')}_{label}_test"
    address = url.set(database="postgres").render_as_string(hide_password=False)
    server = create_engine(address, pool_size=1, for_migrations=True)  # without time limits
    async with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
        await connection.execute(text(f'CREATE DATABASE "{own}"'))
        try:
            yield url.set(database=own).render_as_string(hide_password=False)
        finally:
            await connection.execute(text(f'DROP DATABASE IF EXISTS "{own}" WITH (FORCE)'))
    await server.dispose()


def with_parameters(url: str, **parameters: str) -> str:
    """Return the URL with these parameters in its query, beside those that it has."""
    return make_url(url).update_query_dict(parameters).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
async def database_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """An empty database of this worker's own."""
    async with empty_database(WORKER, tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    """Those of a development server, but for cheap hashes."""
    return Settings(
        _env_file=None,
        secret_key=secrets.token_urlsafe(48),
        database_url=database_url,
        redis_url=os.environ.get("TEST_REDIS_URL"),
        argon2_memory_kib=8,
        argon2_rounds=1,
        outbox_embedded=False,
    )


async def upgrade(url: str) -> None:
    """Migrate the database at this URL, as `python -m app migrate` does."""
    settings = Settings(_env_file=None, secret_key=secrets.token_urlsafe(48), database_url=url)
    await run_sync(migrations.upgrade, settings)


@pytest.fixture(scope="session")
def limits_of_its_own(settings: Settings) -> Iterator[None]:
    """Count in Redis under keys of this worker, and delete them at the end.

    The limits of other workers, of earlier runs and of a developer's service stay as they are.
    """
    prefix = f"plumbline:tests:{secrets.token_hex(8)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rate_limit_store, "KEY_PREFIX", prefix)
        yield
    if settings.redis_url:
        storage = RedisStorage(settings.redis_url.get_secret_value(), key_prefix=prefix)
        storage.reset()
        storage.storage.close()


@pytest.fixture(scope="session")
async def app(settings: Settings, limits_of_its_own: None) -> AsyncIterator[FastAPI]:
    """The application, started, on the migrated database."""
    await upgrade(settings.database_url.get_secret_value())
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        app.state.opened = app.state.resources
        yield app


class SavepointDatabase(Database):
    """A database all of whose transactions happen in one, which is never committed.

    It has a single turn: a request that asked for a second session would get 503.
    """

    def __init__(self, engine: AsyncEngine, connection: AsyncConnection) -> None:
        super().__init__(engine, capacity=1)
        self._connection = connection

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """What happens meanwhile has not happened afterwards."""
        savepoint = await self._connection.begin_nested()
        yield
        await savepoint.rollback()

    def _open(self, *, read_only: bool) -> AsyncSession:  # noqa: ARG002 -- all share one
        return AsyncSession(
            bind=self._connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
        )


@pytest.fixture
async def resources(app: FastAPI) -> AsyncIterator[Resources]:
    """The application's resources, in a transaction that is rolled back after the test."""
    opened: Resources = app.state.opened
    async with opened.database.engine.connect() as connection:
        transaction = await connection.begin()
        database = SavepointDatabase(opened.database.engine, connection)
        app.state.resources = replace(opened, database=database, mailer=MemoryMailer())
        yield app.state.resources
        await transaction.rollback()


@pytest.fixture
async def live_resources(app: FastAPI) -> AsyncIterator[Resources]:
    """The application's resources, with a real pool; all rows are deleted after the test, but for
    those of the audit trail, which cannot be.
    """
    opened: Resources = app.state.opened
    app.state.resources = replace(opened, mailer=MemoryMailer())
    yield app.state.resources
    async with opened.database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "activity":
                await connection.execute(table.delete())


@asynccontextmanager
async def open_client(app: FastAPI, *, ip: str | None = None) -> AsyncIterator[AsyncClient]:
    """A client at an address of its own, so that no other test spends its limits."""
    address = ip or f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
    transport = ASGITransport(ANSWERS.observe(app), client=(address, 50_000))
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
async def client(app: FastAPI, resources: Resources) -> AsyncIterator[AsyncClient]:
    """A client whose writes are rolled back. Its requests come one after the other."""
    async with open_client(app) as client:
        yield client


@pytest.fixture
def factory(client: AsyncClient, resources: Resources) -> Factory:
    """Makes what a test needs, in the transaction of `client`."""
    return Factory(client, resources)


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Stops the clock at a moment."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return set_clock


@pytest.fixture
def inbox(resources: Resources) -> Inbox:
    """The mails of `client`: they leave when the test reads them."""
    return Inbox(resources)


@pytest.fixture
async def live(app: FastAPI, live_resources: Resources) -> AsyncIterator[AsyncClient]:
    """A client whose requests may run at once, each in a transaction of its own."""
    async with open_client(app) as client:
        yield client


@pytest.fixture
def live_factory(live: AsyncClient, live_resources: Resources) -> Factory:
    """Makes what a test needs, committed."""
    return Factory(live, live_resources)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """Yield a running Redis server."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()
