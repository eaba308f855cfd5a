"""Log lines: their form, their content, and the values that never appear in them."""

import asyncio
import json
import logging
from dataclasses import replace
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.core.config import Settings
from app.core.ids import new_id
from app.core.logging import get_logger
from app.core.setting_group import Environment
from app.core.tokens import digest
from app.http.middleware import install_middleware
from app.http.problems import install_error_handlers
from app.runtime.resources import Resources
from tests.conftest import open_client
from tests.support.factories import (
    API,
    OTHER_PASSWORD,
    PASSWORD,
    Factory,
    Login,
    refresh,
    registration,
    request_token,
    token_in,
)
from tests.support.inbox import Inbox
from tests.support.isolation import Log, captured_log


class TestAccessLine:
    async def test_the_access_line_contains_user_route_status_and_duration(
        self, admin: Login, log: Log
    ) -> None:
        response = await admin.get(f"{API}/users/{admin.user.id}")

        line = log.lines[-1]
        assert line.pop("timestamp").endswith("Z")
        assert line.pop("duration_ms") > 0
        assert line == {
            "event": "request",
            "level": "info",
            "logger": "app.http.middleware",
            "method": "GET",
            "route": f"{API}/users/{{user_id}}",
            "status": 200,
            "user_id": str(admin.user.id),
            "request_id": response.headers["X-Request-ID"],
        }

    @pytest.mark.parametrize(
        ("path", "status", "route"),
        [
            ("/docs?token=secret", 200, "/docs"),
            (f"{API}/users?token=secret", 401, f"{API}/users"),
            (f"{API}/users/secret", 401, f"{API}/users/{{user_id}}"),
            ("/secret", 404, None),
        ],
    )
    async def test_the_access_line_contains_no_text_chosen_by_the_client(
        self, client: AsyncClient, log: Log, path: str, status: int, route: str | None
    ) -> None:
        await client.get(path)

        [line] = log.lines
        assert (line["status"], line["route"], line["user_id"]) == (status, route, None)
        assert "secret" not in json.dumps(line)

    async def test_the_access_line_is_plain_text_in_development(self, client: AsyncClient) -> None:
        with captured_log(Environment.DEVELOPMENT) as log:
            await client.get("/docs")

        line = log.text.splitlines()[0]
        assert {"request", "method=GET", "route=/docs", "status=200"} <= set(line.split())

    async def test_the_access_line_of_a_head_request_names_head(
        self, client: AsyncClient, log: Log
    ) -> None:
        await client.head(f"{API}/users/{new_id()}")

        [line] = log.lines
        assert (line["method"], line["route"]) == ("HEAD", f"{API}/users/{{user_id}}")

    @pytest.mark.parametrize("path", ["/livez", "/readyz"])
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    async def test_a_successful_health_check_writes_no_access_line(
        self, client: AsyncClient, log: Log, method: str, path: str
    ) -> None:
        response = await client.request(method, path)

        assert (response.status_code, log.lines) == (200, [])

    async def test_a_failed_health_check_writes_an_access_line(
        self, client: AsyncClient, app: FastAPI, resources: Resources, log: Log
    ) -> None:
        app.state.resources = replace(resources, stopping=asyncio.Event())
        app.state.resources.stopping.set()

        await client.get("/readyz")
        await client.post("/livez")

        assert [(line["route"], line["status"]) for line in log.lines] == [
            ("/readyz", 503),
            ("/livez", 405),
        ]


class TestRequestId:
    @pytest.mark.parametrize("value", ["a", "0123-abc.DEF_9", "x" * 64])
    async def test_a_valid_request_id_of_the_client_is_used(
        self, client: AsyncClient, log: Log, value: str
    ) -> None:
        response = await client.get("/nowhere", headers={"X-Request-ID": value})

        assert response.headers["X-Request-ID"] == value
        assert response.json()["request_id"] == value
        assert [line["request_id"] for line in log.lines] == [value]

    @pytest.mark.parametrize("value", ["", "x" * 65, "two words", 'a"b', "a\nb", "a\n", "ä"])
    async def test_an_invalid_request_id_of_the_client_is_replaced(
        self, client: AsyncClient, log: Log, value: str
    ) -> None:
        response = await client.get("/nowhere", headers={b"X-Request-ID": value.encode()})

        generated = response.headers["X-Request-ID"]
        assert str(UUID(generated)) == generated
        assert response.json()["request_id"] == generated
        assert [line["request_id"] for line in log.lines] == [generated]

    async def test_each_request_gets_a_different_request_id(self, client: AsyncClient) -> None:
        responses = [await client.get("/livez") for _ in range(2)]

        assert len({response.headers["X-Request-ID"] for response in responses}) == 2


async def test_no_request_of_an_account_writes_a_secret_to_the_log(
    client: AsyncClient, factory: Factory, inbox: Inbox, log: Log
) -> None:
    email, mistyped, queried = "ada@example.com", "mistyped horse battery", "queried-cursor"

    user = (await client.post(f"{API}/users", json=registration(email=email))).json()
    verification = token_in((await inbox.read())[-1])
    await client.post(f"{API}/auth/verify-email", json={"token": verification})
    await client.post(f"{API}/auth/verify-email", json={"token": verification})
    first = (await request_token(client, email)).json()
    second = (await refresh(client, first["refresh_token"])).json()
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    await client.get(f"{API}/auth/sessions?cursor={queried}", headers=bearer)
    await refresh(client, first["refresh_token"])
    await request_token(client, email, mistyped)
    await client.post(f"{API}/users", json={"email": "", "password": mistyped})
    before = await factory.stored_user(UUID(user["id"]))
    await client.post(f"{API}/auth/password-reset", json={"email": email})
    reset = token_in((await inbox.read())[-1])
    confirmation = {"token": reset, "new_password": OTHER_PASSWORD}
    await client.post(f"{API}/auth/password-reset/confirm", json=confirmation)
    after = await factory.stored_user(UUID(user["id"]))

    assert before is not None
    assert after is not None
    kinds = ("access_token", "refresh_token")
    tokens = [verification, reset, *(pair[kind] for pair in (first, second) for kind in kinds)]
    passwords = [PASSWORD, OTHER_PASSWORD, mistyped, before.password_hash, after.password_hash]
    secrets = [*tokens, *map(digest, tokens), *passwords, queried]
    assert [secret for secret in secrets if secret in log.text] == []
    assert [line["status"] for line in log.lines if line["event"] == "request"] == [
        201, 204, 422, 200, 200, 422, 400, 400, 422, 202, 204,
    ]  # fmt: skip


class TestUnexpectedException:
    @pytest.fixture
    async def failing(self, settings: Settings) -> FastAPI:
        """Return an application with our middleware and a route that raises an exception."""
        app = FastAPI()
        install_middleware(app, settings)
        install_error_handlers(app)

        @app.get("/fails")
        async def fail() -> None:
            password = PASSWORD
            raise RuntimeError(f"{len(password)} is on fire")

        return app

    async def test_an_unexpected_exception_is_a_500_without_details(self, failing: FastAPI) -> None:
        async with open_client(failing) as client:
            response = await client.get("/fails")

        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json() == {
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "detail": "An unexpected error occurred. Operators can find `request_id` in the log.",
            "instance": "/fails",
            "code": "internal_error",
            "request_id": response.headers["X-Request-ID"],
        }

    async def test_an_unexpected_exception_is_logged_with_traceback_and_request_id(
        self, failing: FastAPI, log: Log
    ) -> None:
        async with open_client(failing) as client:
            response = await client.get("/fails")

        failure, access = log.lines
        assert failure["event"] == "request.failed"
        assert failure["level"] == "error"
        assert failure["exception"].startswith("Traceback (most recent call last):")
        assert failure["exception"].endswith("RuntimeError: 28 is on fire")
        assert (access["route"], access["status"]) == ("/fails", 500)
        assert {failure["request_id"], access["request_id"]} == {response.json()["request_id"]}

    @pytest.mark.parametrize("environment", Environment)
    async def test_the_traceback_of_an_exception_contains_no_local_variables(
        self, failing: FastAPI, environment: Environment
    ) -> None:
        with captured_log(environment) as log:
            async with open_client(failing) as client:
                await client.get("/fails")

        assert "RuntimeError: 28 is on fire" in log.text
        assert PASSWORD not in log.text


def test_log_lines_of_libraries_have_the_same_form(log: Log) -> None:
    logging.getLogger("library").warning("%d left\nof %d", 1, 2)

    [line] = log.lines
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "1 left\nof 2", "level": "warning", "logger": "library"}


def test_debug_lines_of_libraries_are_dropped_because_they_contain_values(log: Log) -> None:
    get_logger("app.accounts.service").debug("ours")
    logging.getLogger("aiosqlite").debug("theirs")

    assert [line["event"] for line in log.lines] == ["ours"]


def test_access_lines_of_uvicorn_are_dropped(log: Log) -> None:
    logging.getLogger("uvicorn.access").info('"GET /livez?token=secret HTTP/1.1" 200')

    assert log.lines == []


@pytest.mark.parametrize(
    ("level", "names"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
def test_the_log_level_sets_the_least_severe_line_that_is_written(
    level: str, names: list[str]
) -> None:
    logger = get_logger("app.accounts.service")

    with captured_log(level=level) as log:
        for name in ("debug", "info", "warning", "error"):
            getattr(logger, name)("event")

    assert [line["level"] for line in log.lines] == names
