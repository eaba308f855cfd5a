"""Failures of the database: each is a 503 and one warning, and ends when its cause ends."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import make_url, text
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.database import Database, DatabaseUnavailable
from app.core.database_engine import TCP_OPTIONS, create_engine
from app.runtime.resources import Resources
from tests.conftest import WORKER, with_parameters
from tests.support.factories import API, registration
from tests.support.isolation import captured_log

SERVER = os.environ.get("TEST_DATABASE_URL", "")
needs_server = pytest.mark.skipif(not SERVER, reason="needs the PostgreSQL of TEST_DATABASE_URL")
ROLE = f"plumbline_{WORKER}_nologin"

UNREACHABLE = {
    "refused": ("postgresql://ada@127.0.0.1:1/x", "ConnectionRefusedError"),
    "missing socket": ("postgresql:///x?host=/nowhere&user=ada", "FileNotFoundError"),
    "two hosts": ("postgresql://ada@127.0.0.1:1,127.0.0.1:2/x", "ConnectionRefusedError"),
    "unknown host": ("postgresql://ada@nowhere.invalid/x", "gaierror"),
    "no route": ("postgresql://ada@255.255.255.255/x", "OSError|PermissionError|ConnectionRefused"),
}


async def execute(session: AsyncSession, statement: str) -> object:
    """Execute plain SQL and return the first value of the result, or None."""
    result = await (await session.connection()).execute(text(statement))
    return result.scalar() if result.returns_rows else None


async def failure_of(database: Database, *statements: str, read_only: bool = False) -> str:
    """Return the reason of the DatabaseUnavailable that a transaction of the statements raises."""
    with pytest.raises(DatabaseUnavailable) as error:
        async with database.transaction(read_only=read_only) as session:
            for statement in statements:
                await execute(session, statement)
    return error.value.reason


def open_database(url: str) -> Database:
    """Return a database with one connection, which the first transaction opens."""
    return Database(create_engine(url, pool_size=1), capacity=1)


def server_url(*, database: str = "postgres", user: str | None = None) -> str:
    """Return the address of another database of the test server."""
    url = make_url(SERVER).set(database=database)
    return (url.set(username=user) if user else url).render_as_string(hide_password=False)


@pytest.fixture
async def database(live_resources: Resources) -> AsyncIterator[Database]:
    """Yield the worker's database with one separate connection."""
    database = open_database(live_resources.settings.database_url.get_secret_value())
    yield database
    await database.engine.dispose()


@pytest.fixture
async def nologin() -> AsyncIterator[str]:
    """Yield a role that may not log in, with the password of the URL."""
    server = create_engine(server_url(), pool_size=1)
    password = (make_url(SERVER).password or "").replace("'", "''")
    try:
        async with server.begin() as connection:
            await connection.exec_driver_sql(f"DROP ROLE IF EXISTS {ROLE}")
            await connection.exec_driver_sql(f"CREATE ROLE {ROLE} NOLOGIN PASSWORD '{password}'")
        yield ROLE
        async with server.begin() as connection:
            await connection.exec_driver_sql(f"DROP ROLE {ROLE}")
    finally:
        await server.dispose()


@pytest.mark.usefixtures("app")  # keeps the event loop open for the driver's threads
class TestNoConnection:
    @pytest.mark.parametrize("kind", UNREACHABLE)
    async def test_a_database_server_that_cannot_be_reached_is_a_503(
        self, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def resolve(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        url, names = UNREACHABLE[kind]
        monkeypatch.setattr(socket, "getaddrinfo", resolve)  # some resolvers know every name

        with captured_log() as log:
            reason = await failure_of(open_database(url), "SELECT 1")

        assert any(reason.startswith(name) for name in names.split("|")), reason
        assert [(line["level"], line["event"], line["reason"]) for line in log.lines] == [
            ("warning", "database.unavailable", reason)
        ]

    @needs_server
    async def test_a_database_that_does_not_exist_is_a_503(self) -> None:
        reason = await failure_of(open_database(server_url(database="no_such_test")), "SELECT 1")

        assert reason == 'InvalidCatalogNameError: database "no_such_test" does not exist'

    @needs_server
    async def test_a_database_role_that_may_not_log_in_is_a_503(self, nologin: str) -> None:
        reason = await failure_of(open_database(server_url(user=nologin)), "SELECT 1")

        assert "is not permitted to log in" in reason

    @pytest.mark.parametrize("mode", ["require", "verify-full"])
    async def test_a_database_server_without_the_required_tls_is_a_503(
        self, mode: str, plain_server: int
    ) -> None:
        url = f"postgresql://ada@127.0.0.1:{plain_server}/x?sslmode={mode}"

        reason = await failure_of(open_database(url), "SELECT 1")

        assert "SSL" in reason

    @needs_server
    async def test_a_primary_is_a_503_if_the_url_requires_a_standby(self) -> None:
        url = with_parameters(server_url(), target_session_attrs="standby")

        reason = await failure_of(open_database(url), "SELECT 1")

        assert reason.startswith("TargetServerAttributeNotMatched")

    async def test_a_database_server_with_an_untrusted_certificate_is_a_503(
        self, untrusted_server: int
    ) -> None:
        url = f"postgresql://ada@localhost:{untrusted_server}/x?sslmode=verify-full"

        reason = await failure_of(open_database(url), "SELECT 1")

        assert reason.startswith("SSLCertVerificationError")

    async def test_a_database_server_that_does_not_respond_is_a_503(
        self, silent_server: int
    ) -> None:
        url = f"postgresql://ada@127.0.0.1:{silent_server}/x?connect_timeout=1"

        reason = await failure_of(open_database(url), "SELECT 1")

        assert reason == "TimeoutError"

    async def test_a_file_that_is_not_a_database_is_a_503(self, tmp_path: Path) -> None:
        (tmp_path / "x.db").write_text("This is not a database." * 100)

        reason = await failure_of(open_database(f"sqlite:///{tmp_path / 'x.db'}"), "SELECT 1")

        assert "file is not a database" in reason

    async def test_a_database_file_that_cannot_be_opened_is_a_503(self, tmp_path: Path) -> None:
        database = open_database(f"sqlite:///{tmp_path / 'x.db'}")
        (tmp_path / "x.db").mkdir()

        reason = await failure_of(database, "SELECT 1")

        assert "unable to open database file" in reason

    async def test_requests_without_a_database_are_503_and_readiness_names_it(
        self, client: AsyncClient, app: FastAPI, resources: Resources
    ) -> None:
        database = open_database(UNREACHABLE["missing socket"][0])
        app.state.resources = replace(resources, database=database)

        with captured_log() as log:
            readiness = await client.get("/readyz")
            response = await client.post(f"{API}/users", json=registration())

        assert (readiness.status_code, response.status_code) == (503, 503)
        assert readiness.json()["checks"]["database"] == "failed"
        assert response.json()["code"] == "service_unavailable"
        assert "nowhere" not in response.text
        assert "Retry-After" in response.headers
        events = [line["event"] for line in log.lines if line["event"] != "request"]
        assert events == ["database.unavailable"] * 2


@needs_server
class TestLostConnection:
    async def identity(self, database: Database) -> object:
        """Return the id of the server process behind the connection."""
        async with database.transaction() as session:
            return await execute(session, "SELECT pg_backend_pid()")

    async def test_the_connection_to_a_server_that_became_read_only_is_replaced(
        self, database: Database
    ) -> None:
        before = await self.identity(database)

        reason = await failure_of(
            database, "SET TRANSACTION READ ONLY", "DELETE FROM users WHERE false"
        )

        assert reason.startswith("ReadOnlySQLTransactionError")
        assert await self.identity(database) != before

    async def test_readiness_fails_if_the_database_is_read_only(
        self, client: AsyncClient, app: FastAPI, resources: Resources
    ) -> None:
        url = resources.settings.database_url.get_secret_value()
        database = open_database(
            with_parameters(url, options="-c default_transaction_read_only=on")
        )
        app.state.resources = replace(resources, database=database)

        readiness = await client.get("/readyz")

        await database.engine.dispose()
        assert (readiness.status_code, readiness.json()["checks"]["database"]) == (503, "failed")

    async def test_a_query_plan_that_a_migration_invalidated_fails_only_once(
        self, database: Database, live_resources: Resources
    ) -> None:
        query = "SELECT * FROM planned"
        try:
            async with live_resources.database.transaction() as migration:
                await execute(migration, "CREATE TABLE planned (a int)")
            async with database.transaction(read_only=True) as session:
                await execute(session, query)
            async with live_resources.database.transaction() as migration:
                await execute(migration, "ALTER TABLE planned ADD b int")

            reason = await failure_of(database, query, read_only=True)
            async with database.transaction(read_only=True) as session:
                await execute(session, query)
        finally:
            async with live_resources.database.transaction() as migration:
                await execute(migration, "DROP TABLE IF EXISTS planned")

        assert reason.startswith("InvalidCachedStatementError")

    async def test_a_failover_replaces_all_connections_of_the_pool(
        self, live_resources: Resources
    ) -> None:
        url = live_resources.settings.database_url.get_secret_value()
        database = Database(create_engine(url, pool_size=2), capacity=2)
        async with database.transaction() as one, database.transaction() as other:
            before = {await execute(session, "SELECT pg_backend_pid()") for session in (one, other)}

        await failure_of(database, "SET TRANSACTION READ ONLY", "DELETE FROM users WHERE false")

        async with database.transaction() as one, database.transaction() as other:
            after = {await execute(session, "SELECT pg_backend_pid()") for session in (one, other)}
        await database.engine.dispose()
        assert before & after == set()

    async def test_a_connection_that_the_network_drops_is_noticed_within_two_seconds(
        self, database: Database
    ) -> None:
        async with database.transaction() as session:
            connection = await (await session.connection()).get_raw_connection()
            driver = connection.driver_connection
            assert driver is not None
            transport: asyncio.Transport = driver._transport
            options = {
                name: transport.get_extra_info("socket").getsockopt(
                    socket.IPPROTO_TCP, getattr(socket, name)
                )
                for name in TCP_OPTIONS
            }

        assert options == TCP_OPTIONS
        assert options["TCP_USER_TIMEOUT"] < 2000


@pytest.mark.parametrize("statement", ["SELECT * FROM no_such_table", "SELECT no_such FROM users"])
async def test_a_database_that_is_not_migrated_is_a_503(database: Database, statement: str) -> None:
    reason = await failure_of(database, statement)

    assert "no_such" in reason
