"""Known and unknown addresses cannot be told apart: equal answers, equal work."""

import pytest
from httpx import AsyncClient, Response
from passlib.context import CryptContext

from app.core.config import Settings
from app.main import create_app
from app.runtime.resources import Resources
from tests.conftest import open_client
from tests.factories import API, Factory, registration, request_token
from tests.inbox import Inbox
from tests.observation import recorded_statements

EMAIL = "ada@example.com"
VARYING_HEADERS = {"x-request-id", "ratelimit"}


def visible(response: Response) -> tuple[object, ...]:
    """What a caller can compare."""
    body = response.json() | {"request_id": None} if response.content else None
    headers = {
        name: value for name, value in response.headers.items() if name not in VARYING_HEADERS
    }
    return response.status_code, body, headers


@pytest.mark.usefixtures("live_resources")
async def test_log_in_answers_and_hashes_alike(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings)  # of which nobody has asked anything yet
    async with app.router.lifespan_context(app), open_client(app) as client:
        await client.post(f"{API}/users", json=registration(email=EMAIL))
        done: list[tuple[str, str]] = []
        verify, make = CryptContext.verify, CryptContext.hash

        def counted_verify(self: CryptContext, secret: str, hash: str) -> bool:  # noqa: A002 -- its name
            done.append(("verify", hash.rsplit("$", 2)[0]))
            return bool(verify(self, secret, hash))

        def counted_hash(self: CryptContext, secret: str) -> str:
            done.append(("hash", ""))
            return str(make(self, secret))

        monkeypatch.setattr(CryptContext, "verify", counted_verify)
        monkeypatch.setattr(CryptContext, "hash", counted_hash)

        unknown = await request_token(client, "nobody@example.com", "wrong")
        known = await request_token(client, EMAIL, "wrong")

    assert visible(known) == visible(unknown)
    assert done == [("verify", "$argon2id$v=19$m=8,t=1,p=1")] * 2


async def test_password_reset_answers_alike(
    client: AsyncClient, factory: Factory, inbox: Inbox
) -> None:
    user = await factory.user()
    path = f"{API}/auth/password-reset"

    known = await client.post(path, json={"email": user.email})
    unknown = await client.post(path, json={"email": "nobody@example.com"})

    assert visible(known) == visible(unknown)
    assert known.status_code == 202
    assert [mail.to for mail in await inbox.read()] == [user.email]


async def test_password_reset_asks_the_database_for_the_same_before_it_answers(
    client: AsyncClient, factory: Factory, resources: Resources, inbox: Inbox
) -> None:
    user = await factory.user()
    asked = []

    for email in (user.email, "nobody@example.com"):
        with recorded_statements(resources) as statements:
            await client.post(f"{API}/auth/password-reset", json={"email": email})
        asked.append(statements)

    assert asked[0] == asked[1]
    assert [statement.split()[:3] for statement in asked[0]] == [["INSERT", "INTO", "outbox"]]
    assert [mail.to for mail in await inbox.read()] == [user.email]
