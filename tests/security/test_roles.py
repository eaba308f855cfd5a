"""Database roles: the runtime role has exactly the privileges that the service needs."""

import os
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import URL, TextClause, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import text

from app.core.config import Settings
from app.core.database_engine import create_engine
from app.core.migrations import ROOT
from app.main import create_app
from tests.conftest import WORKER, empty_database, open_client, upgrade
from tests.support.factories import API, PASSWORD, registration, request_token

pytestmark = [
    pytest.mark.skipif("TEST_DATABASE_URL" not in os.environ, reason="SQLite has no roles"),
    pytest.mark.skipif(shutil.which("psql") is None, reason="needs psql, which creates the roles"),
]

ROLE_PASSWORD = "without-spaces"  # psql 18 rejects spaces in a URL
INSUFFICIENT_PRIVILEGE = "42501"
RESTRICT_VIOLATION = "23001"
SELF_GRANT_VERSION = 160_000
"""First version of PostgreSQL with `createrole_self_grant`, in the form of server_version_num."""
FUNCTION = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"


@dataclass(frozen=True)
class Roles:
    """Roles of a database that deploy/roles.sql has prepared and its owner has migrated."""

    url: URL
    owner: str
    runtime: str
    stranger: str
    """Role of the same server without privileges in the database."""

    def url_of(self, role: str) -> str:
        """Return the URL of the database for the role."""
        return self.url.set(username=role).render_as_string(hide_password=False)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Yield a connection whose transaction is committed at the end."""
    engine = create_engine(url, pool_size=1)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


def create_roles(url: str, owner: str, runtime: str) -> None:
    """Run deploy/roles.sql in the database, as the user of the URL."""
    subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", "--file", ROOT / "deploy" / "roles.sql", url],
        check=True,
        env={
            **os.environ,
            "OWNER_ROLE": owner,
            "OWNER_PASSWORD": ROLE_PASSWORD,
            "RUNTIME_ROLE": runtime,
            "RUNTIME_PASSWORD": ROLE_PASSWORD,
        },
    )


def server() -> str:
    """Return the URL of a database that every server has."""
    url = make_url(os.environ["TEST_DATABASE_URL"]).set(database="postgres")
    return url.render_as_string(hide_password=False)


def create_role(name: str, *options: str) -> TextClause:
    """Return the statement that creates a role that may log in with ROLE_PASSWORD."""
    return text(f"CREATE ROLE {name} LOGIN {' '.join(options)} PASSWORD '{ROLE_PASSWORD}'")


async def drop_roles(*roles: str) -> None:
    """Drop the roles if they exist. They must not own any objects."""
    async with connected(server()) as connection:
        await connection.execute(text(f"DROP ROLE IF EXISTS {', '.join(roles)}"))


@pytest.fixture(scope="module")
async def roles(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Roles]:
    """Yield the roles of a new database, and drop the roles and the database afterwards."""
    suffix = secrets.token_hex(4)
    owner, runtime, stranger = (f"{role}_{suffix}" for role in ("owner", "runtime", "stranger"))
    empty = empty_database(f"{WORKER}_roles", tmp_path_factory.mktemp("roles"))
    try:
        async with empty as url:
            create_roles(url, owner, runtime)
            created = Roles(make_url(url).set(password=ROLE_PASSWORD), owner, runtime, stranger)
            async with connected(url) as connection:
                await connection.execute(create_role(stranger))
                await connection.execute(text("CREATE SCHEMA private"))
                await connection.execute(text("CREATE TABLE private.secrets (id int)"))
            await upgrade(created.url_of(owner))
            yield created
    finally:
        await drop_roles(owner, runtime, stranger)


async def sqlstate_of(url: str, statement: str) -> str | None:
    """Return the SQLSTATE of the error that the statement causes. Fail if it succeeds."""
    with pytest.raises(DBAPIError) as error:
        async with connected(url) as connection:
            await connection.execute(text(statement))
    return getattr(error.value.orig, "sqlstate", None)


@pytest.fixture
async def running(settings: Settings, roles: Roles) -> AsyncIterator[FastAPI]:
    """Yield the started application, which uses the runtime role."""
    url = SecretStr(roles.url_of(roles.runtime))
    app = create_app(settings.model_copy(update={"database_url": url}))
    async with app.router.lifespan_context(app):
        yield app


async def test_the_runtime_role_is_enough_to_serve(running: FastAPI) -> None:
    async with open_client(running) as client:
        user = registration()

        ready = await client.get("/readyz")
        registered = await client.post(f"{API}/users", json=user)
        login = await request_token(client, str(user["email"]))
        headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
        changed = await client.patch(f"{API}/users/me", json={"full_name": "Ada"}, headers=headers)
        deleted = await client.post(
            f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=headers
        )

    responses = [ready, registered, login, changed, deleted]
    assert [response.status_code for response in responses] == [200, 201, 200, 200, 204]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)", "CREATE TEMPORARY TABLE users (id int)",
        "CREATE INDEX mine ON users (email)", "ALTER TABLE users ADD COLUMN mine int",
        "ALTER TABLE users OWNER TO CURRENT_USER", "DROP TABLE sessions CASCADE",
        "TRUNCATE sessions CASCADE", "CREATE SCHEMA mine", f"CREATE FUNCTION mine() {FUNCTION}",
        "CREATE EXTENSION hstore", "CREATE ROLE mine", "COPY users TO '/dev/null'",
        "COPY users TO PROGRAM 'true'", "ALTER TABLE activity DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON activity",
        f"CREATE OR REPLACE FUNCTION refuse_change() {FUNCTION}",
        "SET session_replication_role = replica", "TRUNCATE activity",
        "INSERT INTO alembic_version VALUES ('mine')",
        "UPDATE alembic_version SET version_num = 'mine'", "DELETE FROM alembic_version",
        "SELECT * FROM private.secrets", "SELECT * FROM pg_authid", "SET ROLE {owner}",
        "SET SESSION AUTHORIZATION {owner}", "GRANT {owner} TO {runtime}",
    ],
)  # fmt: skip
async def test_the_runtime_role_may_not_run_other_statements_than_the_service_needs(
    roles: Roles, statement: str
) -> None:
    named = statement.format(owner=roles.owner, runtime=roles.runtime)

    assert await sqlstate_of(roles.url_of(roles.runtime), named) == INSUFFICIENT_PRIVILEGE


@pytest.mark.parametrize("statement", ["UPDATE activity SET action = 'x'", "DELETE FROM activity"])
async def test_the_runtime_role_may_not_change_the_audit_trail(
    roles: Roles, statement: str
) -> None:
    assert await sqlstate_of(roles.url_of(roles.runtime), statement) == RESTRICT_VIOLATION


@pytest.mark.usefixtures("app")  # migrates the database of the worker
async def test_the_runtime_role_may_not_read_another_database(
    roles: Roles, settings: Settings
) -> None:
    other = make_url(settings.database_url.get_secret_value())
    url = other.set(username=roles.runtime, password=ROLE_PASSWORD)

    sqlstate = await sqlstate_of(url.render_as_string(hide_password=False), "SELECT * FROM users")

    assert sqlstate == INSUFFICIENT_PRIVILEGE


async def test_another_role_of_the_server_may_not_connect(roles: Roles) -> None:
    assert await sqlstate_of(roles.url_of(roles.stranger), "SELECT 1") == INSUFFICIENT_PRIVILEGE


@asynccontextmanager
async def owned_database(label: str, owner: str, directory: Path) -> AsyncIterator[URL]:
    """Create a database that the role owns, yield its URL for the role, and drop it afterwards."""
    async with empty_database(f"{WORKER}_{label}", directory) as url:
        database = make_url(url)
        async with connected(url) as connection:
            await connection.execute(text(f'ALTER DATABASE "{database.database}" OWNER TO {owner}'))
        yield database.set(username=owner, password=ROLE_PASSWORD)


async def stored_passwords(*roles: str) -> dict[str, str]:
    """Return the stored password of each of the roles."""
    statement = text("SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY(:roles)")
    async with connected(server()) as connection:
        rows = await connection.execute(statement, {"roles": [*roles]})
        return {row.rolname: row.rolpassword for row in rows}


class TestHosted:
    """Tests on a hosted server, whose administrator may create roles but is not a superuser."""

    @pytest.fixture(params=["", "inherit"])
    async def hosted(self, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Roles]:
        """Run deploy/roles.sql as the administrator and yield the roles.

        The administrator owns the database. Since PostgreSQL 16, it may get a membership without
        SET in each role that it creates.
        """
        suffix = secrets.token_hex(4)
        owner, runtime, admin = (f"{role}_{suffix}" for role in ("owner", "runtime", "admin"))
        try:
            async with connected(server()) as connection:
                version = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
                if request.param and int(version) < SELF_GRANT_VERSION:
                    pytest.skip("PostgreSQL 15 has no createrole_self_grant")
                await connection.execute(create_role(admin, "CREATEROLE"))
                if request.param:
                    setting = f"createrole_self_grant = '{request.param}'"
                    await connection.execute(text(f"ALTER ROLE {admin} SET {setting}"))
            async with owned_database("hosted", admin, tmp_path) as url:
                hosted = Roles(url, owner, runtime, admin)
                create_roles(hosted.url_of(admin), owner, runtime)
                yield hosted
        finally:
            await drop_roles(owner, runtime, admin)

    async def test_on_a_hosted_server_the_owner_role_migrates_and_the_runtime_role_serves(
        self, hosted: Roles
    ) -> None:
        await upgrade(hosted.url_of(hosted.owner))

        async with connected(hosted.url_of(hosted.runtime)) as connection:
            assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar() == 0
        sqlstate = await sqlstate_of(hosted.url_of(hosted.runtime), "CREATE TABLE mine (id int)")
        assert sqlstate == INSUFFICIENT_PRIVILEGE

    async def test_a_second_run_of_roles_sql_changes_the_passwords(self, hosted: Roles) -> None:
        await upgrade(hosted.url_of(hosted.owner))
        before = await stored_passwords(hosted.owner, hosted.runtime)

        create_roles(hosted.url_of(hosted.stranger), hosted.owner, hosted.runtime)

        after = await stored_passwords(hosted.owner, hosted.runtime)
        assert before.keys() == after.keys() == {hosted.owner, hosted.runtime}
        assert not set(before.values()) & set(after.values())

    async def test_roles_sql_lets_the_same_roles_serve_a_second_database(
        self, hosted: Roles, tmp_path: Path
    ) -> None:
        async with owned_database("second", hosted.stranger, tmp_path) as url:
            second = replace(hosted, url=url)
            create_roles(second.url_of(second.stranger), second.owner, second.runtime)
            await upgrade(second.url_of(second.owner))

            async with connected(second.url_of(second.runtime)) as connection:
                assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar() == 0
