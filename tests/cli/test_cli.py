"""Command line, and the other entry points of the application."""

import errno
import json
import os
import runpy
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI
from httpx import AsyncClient
from sqlmodel import col, select
from typer.testing import Result

from app.core import clock
from app.core.config import Settings
from app.core.ids import new_id
from app.core.migrations import newest_revision
from app.core.tokens import digest, new_opaque_token
from app.features import ServiceSettings
from app.idempotency.models import IdempotencyKey
from app.one_time_tokens.models import OneTimeToken, TokenPurpose
from app.outbox.models import OutboxMessage
from app.outbox.service import MAX_ATTEMPTS
from app.runtime.resources import Resources
from app.sessions.models import LoginSession, RefreshToken
from app.users.models import User
from tests.support.factories import API, OTHER_PASSWORD, PASSWORD, Factory, request_token
from tests.support.inbox import Inbox, add_mails, stored_messages
from tests.support.isolation import SECRET, invoke, restored_logging

EMAIL = "ada@example.com"
START = """
import asyncio, json, sys
from app.features import FEATURES
from app.main import create_app
from app.runtime.terminal import load_settings

async def start():
    app = create_app(load_settings(FEATURES))
    async with app.router.lifespan_context(app):
        print(json.dumps(list(sys.modules)))

asyncio.run(start())
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Change to an empty directory, which contains no `.env`."""
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def configured(environment: pytest.MonkeyPatch) -> None:
    """Set a secret. All other settings have their defaults."""
    environment.setenv("SECRET_KEY", SECRET)


@pytest.fixture
def database(
    environment: pytest.MonkeyPatch, settings: Settings, live_resources: Resources
) -> None:
    """Set the settings of the tests. `live_resources` deletes the rows that commands write."""
    environment.setenv("SECRET_KEY", settings.secret_key.get_secret_value())
    environment.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    environment.setenv("ARGON2_MEMORY_KIB", str(settings.argon2_memory_kib))
    environment.setenv("ARGON2_ROUNDS", str(settings.argon2_rounds))


async def invoke_beside(*arguments: str, typed: str | None = None) -> Result:
    """Run a command in a thread, because the event loop of the test is running."""
    return await run_sync(partial(invoke, *arguments, typed=typed))


async def administers(client: AsyncClient, email: str, password: str) -> bool:
    """Return True if the user can log in and open a list that only admins can read."""
    login = await request_token(client, email, password)
    headers = {"Authorization": f"Bearer {login.json().get('access_token')}"}
    return (await client.get(f"{API}/users", headers=headers)).status_code == 200


def session_until(expires_at: datetime, user: User) -> RefreshToken:
    """Return the refresh token of a session that started a day ago and expires at this time."""
    started = clock.now() - timedelta(days=1)
    session = LoginSession(
        user_id=user.id, created_at=started, last_used_at=started, expires_at=expires_at
    )
    return RefreshToken(
        session=session, session_id=session.id, token_digest=digest(new_opaque_token())
    )


def key_until(moment: datetime, user: User) -> IdempotencyKey:
    return IdempotencyKey(
        user_id=user.id, key=str(new_id()), request_digest="0" * 64, expires_at=moment
    )


def token_until(expires_at: datetime, user: User, purpose: TokenPurpose) -> OneTimeToken:
    return OneTimeToken(
        user_id=user.id,
        purpose=purpose,
        token_digest=digest(new_opaque_token()),
        expires_at=expires_at,
    )


@pytest.mark.parametrize(
    "command",
    ["check-config", "create-admin a@b.io", "migrate", "openapi", "outbox list", "purge", "serve"],
)
def test_each_command_fails_with_the_message_of_an_invalid_setting(command: str) -> None:
    result = invoke(*command.split())

    assert (result.exit_code, result.stderr) == (1, "SECRET_KEY: Field required\n")


class TestInit:
    def test_init_writes_an_env_file_that_only_its_owner_can_read(self, tmp_path: Path) -> None:
        result = invoke("init")

        assert result.exit_code == 0
        assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600

    def test_init_writes_a_different_secret_each_time(self, tmp_path: Path) -> None:
        secrets = []
        for _ in range(2):
            invoke("init")
            secrets.append(Settings().secrets)
            (tmp_path / ".env").unlink()

        assert secrets[0] != secrets[1]

    def test_init_writes_a_secret_that_production_accepts(
        self, environment: pytest.MonkeyPatch
    ) -> None:
        invoke("init")
        environment.setenv("ENVIRONMENT", "production")

        result = invoke("check-config")

        assert "SECRET_KEY:" not in result.stderr

    def test_init_does_not_change_an_existing_env_file(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("SECRET_KEY=mine\n")

        result = invoke("init")

        assert result.exit_code == 0
        assert (tmp_path / ".env").read_text() == "SECRET_KEY=mine\n"


@pytest.mark.usefixtures("configured")
class TestMigrate:
    def test_migrate_upgrades_an_empty_database_and_a_second_run_changes_nothing(
        self, environment: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        environment.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")

        results = [invoke("migrate"), invoke("migrate")]

        with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        assert revision == [(newest_revision(),)]
        assert [result.exit_code for result in results] == [0, 0]
        assert [result.stdout for result in results] == [
            f"The database is at revision {newest_revision()}.\n"
        ] * 2

    def test_migrate_reports_an_unavailable_database_in_one_line(
        self, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

        result = invoke("migrate")

        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert result.stderr.startswith("The database cannot be migrated: ")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "command", ["create-admin a@b.io", "outbox list", "outbox retry --all", "purge"]
)
def test_commands_report_an_unavailable_database_in_one_line(
    environment: pytest.MonkeyPatch, command: str
) -> None:
    environment.setenv("DATABASE_URL", "postgresql:///x?host=/nowhere&user=ada")

    result = invoke(*command.split())

    assert result.exit_code == 1
    assert result.output.startswith("The database is unavailable: FileNotFoundError: ")
    assert result.output.count("\n") == 1


@pytest.mark.usefixtures("database")
class TestCreateAdmin:
    async def test_create_admin_uses_the_password_of_the_environment(
        self, environment: pytest.MonkeyPatch, live: AsyncClient
    ) -> None:
        environment.setenv("ADMIN_PASSWORD", PASSWORD)

        result = await invoke_beside("create-admin", " Ada@Example.com")

        assert (result.exit_code, result.stdout) == (0, f"{EMAIL} is an admin now.\n")
        assert await administers(live, EMAIL, PASSWORD)

    async def test_create_admin_prompts_for_a_password_without_echo(
        self, live: AsyncClient
    ) -> None:
        result = await invoke_beside("create-admin", EMAIL, typed=f"{PASSWORD}\n{PASSWORD}\n")

        assert result.exit_code == 0
        assert result.output.startswith("Password: \nRepeat for confirmation: \n")
        assert PASSWORD not in result.output
        assert await administers(live, EMAIL, PASSWORD)

    async def test_create_admin_prompts_again_if_the_passwords_differ(
        self, live: AsyncClient
    ) -> None:
        lines = [PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD]

        result = await invoke_beside("create-admin", EMAIL, typed="\n".join([*lines, ""]))

        assert result.exit_code == 0
        assert await administers(live, EMAIL, OTHER_PASSWORD)

    @pytest.mark.parametrize(
        ("password", "reason"),
        [
            ("too short", "A password must have at least 15 characters."),
            ("passwordpassword", "Avoid repeated words"),
            (EMAIL, "too easy to guess"),
            (PASSWORD * 5, "String should have at most 128 characters"),
        ],
    )
    async def test_create_admin_rejects_a_password_that_the_api_rejects(
        self, environment: pytest.MonkeyPatch, live: AsyncClient, password: str, reason: str
    ) -> None:
        environment.setenv("ADMIN_PASSWORD", password)

        result = await invoke_beside("create-admin", EMAIL)

        assert (result.exit_code, result.stdout) == (1, "")
        assert reason in result.stderr
        assert (await request_token(live, EMAIL, password[:128])).status_code == 400

    @pytest.mark.parametrize("address", ["ada", "ada@", "ada@example.com, eve@example.com"])
    async def test_create_admin_rejects_an_invalid_address(
        self, environment: pytest.MonkeyPatch, address: str
    ) -> None:
        environment.setenv("ADMIN_PASSWORD", PASSWORD)

        result = await invoke_beside("create-admin", address)

        assert (result.exit_code, result.stdout) == (1, "")
        assert "Must be a valid e-mail address." in result.stderr

    @pytest.mark.parametrize("is_active", [True, False])
    async def test_create_admin_promotes_an_existing_user_who_keeps_the_password(
        self,
        environment: pytest.MonkeyPatch,
        live: AsyncClient,
        live_factory: Factory,
        is_active: bool,  # noqa: FBT001 -- a parameter of the test
    ) -> None:
        await live_factory.user(email=EMAIL, is_active=is_active)
        environment.setenv("ADMIN_PASSWORD", OTHER_PASSWORD)

        result = await invoke_beside("create-admin", EMAIL)

        assert result.exit_code == 0
        assert result.stdout == f"{EMAIL} is an admin now. The password is unchanged.\n"
        assert await administers(live, EMAIL, PASSWORD)
        assert not await administers(live, EMAIL, OTHER_PASSWORD)


@pytest.mark.usefixtures("database")
class TestPurge:
    async def test_purge_deletes_only_expired_rows(
        self, live_resources: Resources, live_factory: Factory
    ) -> None:
        login = await live_factory.login()
        past = clock.now() - timedelta(minutes=1)
        future = clock.now() + timedelta(minutes=1)
        async with live_resources.database.transaction() as session:
            session.add_all([session_until(past, login.user), session_until(past, login.user)])
            session.add(token_until(past, login.user, TokenPurpose.VERIFY_EMAIL))
            session.add(token_until(future, login.user, TokenPurpose.RESET_PASSWORD))
            session.add(key_until(past, login.user))
            session.add(key_until(future, login.user))

        result = await invoke_beside("purge")

        async with live_resources.database.transaction(read_only=True) as session:
            sessions = (await session.exec(select(LoginSession))).all()
            refresh_tokens = (await session.exec(select(RefreshToken.token_digest))).all()
            purposes = (await session.exec(select(OneTimeToken.purpose))).all()
            keys = (await session.exec(select(IdempotencyKey))).all()
        assert result.stdout == "Deleted 2 sessions, 1 one-time tokens, 1 idempotency keys.\n"
        assert [key.expires_at > clock.now() for key in keys] == [True]
        assert [session.expires_at > clock.now() for session in sessions] == [True]
        assert refresh_tokens == [digest(login.refresh_token)]
        assert purposes == [TokenPurpose.RESET_PASSWORD]


@pytest.mark.usefixtures("database")
class TestOutbox:
    @pytest.fixture
    async def dead(self, live_resources: Resources) -> list[OutboxMessage]:
        """Create three messages and return two of them, which are dead. The third one is due."""
        await add_mails(live_resources, EMAIL, "bob@example.com", "eve@example.com")
        async with live_resources.database.transaction() as session:
            messages = (
                await session.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))
            ).all()
            for message in messages[:2]:
                message.due_at, message.attempts = None, MAX_ATTEMPTS
                message.last_error = "SMTPConnectError"
        return list(messages[:2])

    async def test_outbox_list_shows_messages_without_their_content(
        self, dead: list[OutboxMessage]
    ) -> None:
        result = await invoke_beside("outbox", "list")

        lines = result.stdout.splitlines()
        created = f"{dead[0].created_at:%Y-%m-%dT%H:%M:%SZ}"
        shown = ["mail", "dead", "attempts", str(MAX_ATTEMPTS), "created", created]
        assert lines[0].split() == [str(dead[0].id), *shown, "SMTPConnectError"]
        assert [line.split()[2] for line in lines] == ["dead", "dead", "due"]
        assert "example.com" not in result.output

    @pytest.mark.usefixtures("dead")
    async def test_outbox_list_shows_at_most_limit_messages(self) -> None:
        result = await invoke_beside("outbox", "list", "--limit", "1")

        assert result.stdout.count("\n") == 1

    async def test_outbox_retry_makes_one_dead_message_due(
        self, dead: list[OutboxMessage], live_resources: Resources
    ) -> None:
        result = await invoke_beside("outbox", "retry", str(dead[0].id))

        attempts = [message.attempts for message in await stored_messages(live_resources)]
        assert (result.exit_code, result.stdout) == (0, "Messages that are due again: 1.\n")
        assert attempts == [0, MAX_ATTEMPTS, 0]
        assert len(await Inbox(live_resources).read()) == 2

    @pytest.mark.usefixtures("dead")
    async def test_outbox_retry_all_makes_all_dead_messages_due(
        self, live_resources: Resources
    ) -> None:
        result = await invoke_beside("outbox", "retry", "--all")

        assert result.stdout == "Messages that are due again: 2.\n"
        assert len(await Inbox(live_resources).read()) == 3

    async def test_outbox_retry_of_a_message_that_is_not_dead_is_an_error(
        self, live_resources: Resources
    ) -> None:
        await add_mails(live_resources, EMAIL)
        [message] = await stored_messages(live_resources)

        result = await invoke_beside("outbox", "retry", str(message.id))

        assert (result.exit_code, result.stderr) == (1, "No dead message has this id.\n")

    @pytest.mark.parametrize("arguments", [[], [str(new_id()), "--all"]])
    async def test_outbox_retry_requires_either_one_message_or_all(
        self, arguments: list[str]
    ) -> None:
        result = await invoke_beside("outbox", "retry", *arguments)

        assert result.exit_code == 2


@pytest.mark.usefixtures("configured")
class TestOpenapi:
    async def test_openapi_writes_the_document_that_is_served(
        self, client: AsyncClient, tmp_path: Path
    ) -> None:
        result = await invoke_beside("openapi", "document.json")

        served = await client.get("/openapi.json")
        assert (result.exit_code, result.stdout) == (0, "Wrote document.json.\n")
        assert json.loads((tmp_path / "document.json").read_text()) == served.json()


@pytest.mark.usefixtures("configured")
class TestCheckConfig:
    def test_check_config_prints_each_setting(
        self, environment: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / ".env").write_text("SMTP_HOST=file\nSMTP_PORT=2525\n")
        environment.setenv("SMTP_HOST", "environment")

        result = invoke("check-config")

        shown = dict(line.split("=", maxsplit=1) for line in result.stdout.splitlines())
        assert (result.exit_code, result.stderr) == (0, "")
        assert list(shown) == [name.upper() for name in ServiceSettings.model_fields]
        assert (shown["SMTP_HOST"], shown["SMTP_PORT"]) == ("environment", "2525")
        assert (shown["LIMIT_TOKEN"], shown["CORS_ORIGINS"]) == ("60/minute", "")

    @pytest.mark.parametrize("environment_name", ["development", "production"])
    def test_check_config_masks_secrets(
        self, environment: pytest.MonkeyPatch, environment_name: str
    ) -> None:
        secrets = {
            "SECRET_KEY": SECRET,
            "SECRET_KEY_FALLBACKS": "too-short-a-secret",
            "DATABASE_URL": "mysql://root:database-password@db",
            "REDIS_URL": "redis://:redis-password@redis/0",
            "SMTP_PASSWORD": "smtp-password",
        }
        environment.setenv("ENVIRONMENT", environment_name)
        for name, secret in secrets.items():
            environment.setenv(name, secret)

        result = invoke("check-config")

        assert [name for name in secrets if f"{name}=********\n" not in result.stdout] == []
        assert [name for name, secret in secrets.items() if secret in result.output] == []

    def test_check_config_warns_about_variables_that_look_like_settings(
        self, environment: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / ".env").write_text("SMTP_PASWORD=x\nPOSTGRES_PASSWORD=x\nCOLOUR=x\n")
        environment.setenv("ALLOWED_HOST", "example.com")
        for name in ("EXPORT", "PGPORT", "SMTP_TLS", "TEST_DATABASE_URL"):
            environment.setenv(name, "x")
        environment.setenv("DATABASE_ULR", "sqlite:///x.db")

        result = invoke("check-config")

        assert result.exit_code == 0
        assert result.stderr.splitlines() == [
            "ALLOWED_HOST is set but is not a setting; did you mean ALLOWED_HOSTS?",
            "COLOUR is set but is not a setting.",
            "DATABASE_ULR is set but is not a setting; did you mean DATABASE_URL?",
            "SMTP_PASWORD is set but is not a setting; did you mean SMTP_PASSWORD?",
            "SMTP_TLS is set but is not a setting.",
        ]

    @pytest.mark.parametrize("command", ["check-config", "purge"])
    def test_commands_report_an_env_file_in_another_encoding_in_one_line(
        self, tmp_path: Path, command: str
    ) -> None:
        (tmp_path / ".env").write_text(f"SECRET_KEY={SECRET}\n", "utf-16")

        result = invoke(command)

        assert result.exit_code == 1
        assert result.stderr == (".env: must be UTF-8 text; PowerShell may have used UTF-16\n")

    def test_check_config_reports_all_invalid_settings(
        self, environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("ENVIRONMENT", "production")
        environment.setenv("SECRET_KEY_FALLBACKS", "short")
        environment.setenv("SMTP_PORT", "smtp")

        result = invoke("check-config")

        assert result.exit_code == 1
        assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
            "PUBLIC_URL",
            "SECRET_KEY_FALLBACKS",
            "DATABASE_URL",
            "ALLOWED_HOSTS",
            "MAIL_BACKEND",
            "SMTP_PORT",
        ]


@pytest.mark.usefixtures("configured")
class TestServe:
    @pytest.fixture(params=["127.0.0.1", "::1"])
    def listener(self, request: pytest.FixtureRequest) -> Iterator[socket.socket]:
        """Yield a socket that occupies a port."""
        family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
        try:
            listener = socket.create_server((request.param, 0), family=family)
        except OSError:
            pytest.skip("this machine does not have the network")
        with listener:
            yield listener

    def test_serve_reports_an_occupied_port_in_one_line(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]

        result = invoke("serve", "--host", host, "--port", str(port))

        reason = os.strerror(errno.EADDRINUSE)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"Cannot listen on {host}:{port}: {reason}. Choose another port: PORT=8001.\n"
        )

    def test_serve_prints_the_url_of_the_docs(
        self, environment: pytest.MonkeyPatch, listener: socket.socket
    ) -> None:
        environment.setattr("app.http.server.run", lambda *_, **__: None)
        host, port = listener.getsockname()[:2]
        listener.close()

        result = invoke("serve", "--host", host, "--port", str(port))

        url = httpx.URL(scheme="http", host=host, port=port, path="/docs")
        assert result.stdout.splitlines()[0] == f"API and docs:    {url}"

    @pytest.mark.parametrize(
        ("variable", "arguments", "port"),
        [("8123", [], 8123), ("8123", ["--port", "8124"], 8124), (None, [], 8000)],
    )
    def test_links_in_mails_use_the_port_that_serve_listens_on(
        self, environment: pytest.MonkeyPatch, variable: str | None, arguments: list[str], port: int
    ) -> None:
        served: list[Settings] = []
        environment.setattr("app.cli.serving._confirm_free", lambda *_: None)
        environment.setattr(
            "app.http.server.run", lambda _, settings, **__: served.append(settings)
        )
        if variable:
            environment.setenv("PORT", variable)

        result = invoke("serve", *arguments)

        [settings] = served
        assert f"http://127.0.0.1:{port}/docs" in result.stdout
        assert settings.local_url == f"http://127.0.0.1:{port}"
        assert settings.link("/verify-email") == f"http://127.0.0.1:{port}/verify-email"

    def test_serve_rejects_an_invalid_port(self) -> None:
        result = invoke("serve", "--port", "65536")

        assert result.exit_code == 2
        assert "65535" in result.stderr

    def test_serve_responds_and_logs_no_query_strings(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "app", "serve", "--port", str(port)]

        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                started = next(line for line in process.stdout if "Uvicorn running" in line)
                response = httpx.get(
                    f"http://127.0.0.1:{port}/openapi.json?token=secret", trust_env=False
                )
            finally:
                process.terminate()
            log = process.stdout.read()

        assert f"http://127.0.0.1:{port}" in started
        assert (response.status_code, response.headers.get("Server")) == (200, None)
        assert log.count("/openapi.json") == 1
        assert "secret" not in log


class TestStart:
    def test_start_creates_the_env_file_and_the_database_and_serves(
        self, environment: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        environment.setattr("app.http.server.run", lambda *_, **__: None)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        result = invoke("start", "--port", str(port))

        assert result.stdout.splitlines() == [
            "Created .env with a new SECRET_KEY.",
            f"The database is at revision {newest_revision()}.",
            f"API and docs:    http://127.0.0.1:{port}/docs",
            "Create an admin: make admin EMAIL=you@example.com",
        ]
        assert {path.name for path in tmp_path.iterdir()} >= {".env", "plumbline.db"}


class TestEntryPoints:
    def test_the_package_runs_and_lists_its_commands(
        self, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        environment.setattr(sys, "argv", ["app", "--help"])

        with pytest.raises(SystemExit) as end:
            runpy.run_module("app", run_name="__main__")

        shown = capsys.readouterr().out
        commands = "start init migrate serve worker outbox create-admin purge openapi check-config"
        assert end.value.code == 0
        assert "Usage: python -m app" in shown
        assert set(commands.split()) <= set(shown.split())

    def test_importing_app_asgi_with_invalid_settings_exits_with_their_errors(
        self, environment: pytest.MonkeyPatch
    ) -> None:
        # The path in it is relative, so that coverage would print an error.
        environment.delenv("COVERAGE_PROCESS_START", raising=False)

        imported = subprocess.run(
            [sys.executable, "-c", "import app.asgi"], capture_output=True, text=True, check=False
        )

        assert (imported.returncode, imported.stderr) == (1, "SECRET_KEY: Field required\n")

    @pytest.mark.usefixtures("configured")
    def test_importing_app_asgi_opens_no_database(self, tmp_path: Path) -> None:
        with restored_logging():
            app = runpy.run_module("app.asgi")["app"]

        assert isinstance(app, FastAPI)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.usefixtures("configured")
    def test_an_idle_process_has_not_imported_optional_modules(self) -> None:
        # The modules for passwords, Redis and telemetry use a sixth of the process's memory.
        done = subprocess.run(
            [sys.executable, "-c", START], capture_output=True, text=True, check=True
        )

        imported = json.loads(done.stdout.splitlines()[-1])
        assert "sqlalchemy" in imported
        assert {"zxcvbn", "redis", "opentelemetry.sdk"}.isdisjoint(imported)
