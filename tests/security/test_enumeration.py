"""Known and unknown addresses cannot be told apart: equal answers, equal work."""

from collections import Counter

import pytest
from httpx import AsyncClient, Response
from passlib.context import CryptContext

from app.core.resources import Resources
from tests.factories import API, Factory, request_token
from tests.inbox import Inbox
from tests.observation import recorded_statements

VARYING_HEADERS = {"x-request-id", "ratelimit"}


def visible(response: Response) -> tuple[object, ...]:
    """What a caller can compare."""
    body = response.json() | {"request_id": None} if response.content else None
    headers = {
        name: value for name, value in response.headers.items() if name not in VARYING_HEADERS
    }
    return response.status_code, body, headers


async def test_log_in_answers_and_hashes_alike(
    client: AsyncClient, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await factory.user()
    hashed: Counter[tuple[str, str]] = Counter()
    verify = CryptContext.verify

    def counted(self: CryptContext, secret: str, hash: str) -> bool:  # noqa: A002 -- passlib's name
        hashed[secret, hash.partition("$argon2id$")[1]] += 1
        return bool(verify(self, secret, hash))

    monkeypatch.setattr(CryptContext, "verify", counted)

    known = await request_token(client, user.email, "wrong for known")
    unknown = await request_token(client, "nobody@example.com", "wrong for unknown")

    assert visible(known) == visible(unknown)
    assert hashed == {
        ("wrong for known", "$argon2id$"): 1,
        ("wrong for unknown", "$argon2id$"): 1,
    }


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
