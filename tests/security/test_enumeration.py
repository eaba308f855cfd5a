"""Indistinguishable known and unknown e-mail addresses: equal responses and equal work."""

import pytest
from httpx import AsyncClient, Response
from passlib.context import CryptContext

from app.core.config import Settings
from app.main import create_app
from app.runtime.resources import Resources
from app.users.models import User
from tests.conftest import open_client
from tests.support.factories import API, registration, request_token
from tests.support.inbox import Inbox
from tests.support.observation import recorded_statements

EMAIL = "ada@example.com"
VARYING_HEADERS = {"x-request-id", "ratelimit"}


def visible(response: Response) -> tuple[object, ...]:
    """Return the parts of the response that a client can compare."""
    body = response.json() | {"request_id": None} if response.content else None
    headers = {
        name: value for name, value in response.headers.items() if name not in VARYING_HEADERS
    }
    return response.status_code, body, headers


@pytest.mark.usefixtures("live_resources")
async def test_a_failed_log_in_responds_and_hashes_alike_for_known_and_unknown_addresses(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings)  # a new one, which has not served a request
    async with app.router.lifespan_context(app), open_client(app) as client:
        await client.post(f"{API}/users", json=registration(email=EMAIL))
        calls: list[tuple[str, str]] = []
        verify, make = CryptContext.verify, CryptContext.hash

        def counted_verify(self: CryptContext, secret: str, hash: str) -> bool:  # noqa: A002 -- the library's name
            calls.append(("verify", hash.rsplit("$", 2)[0]))
            return bool(verify(self, secret, hash))

        def counted_hash(self: CryptContext, secret: str) -> str:
            calls.append(("hash", ""))
            return str(make(self, secret))

        monkeypatch.setattr(CryptContext, "verify", counted_verify)
        monkeypatch.setattr(CryptContext, "hash", counted_hash)

        unknown = await request_token(client, "nobody@example.com", "wrong")
        known = await request_token(client, EMAIL, "wrong")

    assert visible(known) == visible(unknown)
    assert calls == [("verify", "$argon2id$v=19$m=8,t=1,p=1")] * 2


async def test_a_password_reset_responds_alike_for_known_and_unknown_addresses(
    client: AsyncClient, user: User, inbox: Inbox
) -> None:
    path = f"{API}/auth/password-reset"

    known = await client.post(path, json={"email": user.email})
    unknown = await client.post(path, json={"email": "nobody@example.com"})

    assert visible(known) == visible(unknown)
    assert known.status_code == 202
    assert [mail.to for mail in await inbox.read()] == [user.email]


async def test_a_password_reset_runs_the_same_statements_for_known_and_unknown_addresses(
    client: AsyncClient, user: User, resources: Resources, inbox: Inbox
) -> None:
    statements_by_request = []

    for email in (user.email, "nobody@example.com"):
        with recorded_statements(resources) as statements:
            await client.post(f"{API}/auth/password-reset", json={"email": email})
        statements_by_request.append(statements)

    assert statements_by_request[0] == statements_by_request[1]
    assert [statement.split()[:3] for statement in statements_by_request[0]] == [
        ["INSERT", "INTO", "outbox"]
    ]
    assert [mail.to for mail in await inbox.read()] == [user.email]
