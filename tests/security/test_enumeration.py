"""Known and unknown addresses cannot be told apart: equal answers, equal work."""

from collections import Counter
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import event

from app.core.mail import MemoryMailer
from app.core.passwords import HashSlot
from app.core.resources import Resources
from tests.factories import API, Factory, request_token

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
    hashed: Counter[str] = Counter()
    verify = HashSlot.verify

    async def counted(self: HashSlot, password: str, stored: str | None) -> bool:
        hashed[password] += 1
        return await verify(self, password, stored)

    monkeypatch.setattr(HashSlot, "verify", counted)

    known = await request_token(client, user.email, "wrong for known")
    unknown = await request_token(client, "nobody@example.com", "wrong for unknown")

    assert visible(known) == visible(unknown)
    assert hashed == {"wrong for known": 1, "wrong for unknown": 1}


async def test_password_reset_answers_alike(
    client: AsyncClient, factory: Factory, mailer: MemoryMailer
) -> None:
    user = await factory.user()
    path = f"{API}/auth/password-reset"

    known = await client.post(path, json={"email": user.email})
    unknown = await client.post(path, json={"email": "nobody@example.com"})

    assert visible(known) == visible(unknown)
    assert known.status_code == 202
    assert [mail.to for mail in mailer.sent] == [user.email]


async def test_password_reset_asks_the_database_nothing_before_it_answers(
    app: Any, client: AsyncClient, factory: Factory, resources: Resources
) -> None:
    user = await factory.user()
    events: list[str] = []
    engine = resources.database.engine.sync_engine

    def on_execute(*_: Any) -> None:
        events.append("statement")

    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        async def send_recorded(message: Any) -> None:
            events.append(message["type"])
            await send(message)

        await app(scope, receive, send_recorded)

    event.listen(engine, "before_cursor_execute", on_execute)
    client._transport.app = recorded  # type: ignore[attr-defined]  # an ASGITransport
    await client.post(f"{API}/auth/password-reset", json={"email": user.email})
    event.remove(engine, "before_cursor_execute", on_execute)

    assert events[:2] == ["http.response.start", "http.response.body"]
    assert "statement" in events
