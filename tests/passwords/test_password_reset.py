"""Reset of a forgotten password over HTTP."""

from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlmodel import select

from app.core import clock
from app.core.tokens import digest
from app.one_time_tokens.models import OneTimeToken
from app.runtime.resources import Resources
from app.users.models import User
from tests.support.factories import (
    API,
    OTHER_PASSWORD,
    PASSWORD,
    Factory,
    Login,
    refresh,
    request_token,
    token_in,
)
from tests.support.inbox import Inbox

REQUEST = f"{API}/auth/password-reset"
CONFIRM = f"{REQUEST}/confirm"


async def test_a_password_reset_ends_all_sessions_verifies_the_address_and_sends_a_mail(
    client: AsyncClient, factory: Factory, login: Login, inbox: Inbox
) -> None:
    await client.post(REQUEST, json={"email": login.user.email})
    body = {"token": token_in((await inbox.read())[0]), "new_password": OTHER_PASSWORD}

    response = await client.post(CONFIRM, json=body)

    stored = await factory.stored_user(login.user.id)
    assert response.status_code == 204
    assert (await login.get(f"{API}/users/me")).status_code == 401
    assert (await refresh(client, login.refresh_token)).status_code == 400
    assert (await request_token(client, login.user.email, PASSWORD)).status_code == 400
    assert (await request_token(client, login.user.email, OTHER_PASSWORD)).status_code == 200
    assert stored is not None
    assert stored.email_verified_at is not None
    assert (await inbox.read())[1].subject == "Your password was changed"


async def test_a_password_reset_token_works_only_once(
    client: AsyncClient, user: User, inbox: Inbox
) -> None:
    await client.post(REQUEST, json={"email": user.email})
    body = {"token": token_in((await inbox.read())[0]), "new_password": OTHER_PASSWORD}

    first = await client.post(CONFIRM, json=body)
    second = await client.post(CONFIRM, json=body)

    assert (first.status_code, second.status_code) == (204, 422)
    assert second.json()["code"] == "invalid_token"


async def test_a_weak_password_does_not_consume_the_password_reset_token(
    client: AsyncClient, user: User, inbox: Inbox
) -> None:
    await client.post(REQUEST, json={"email": user.email})
    token = token_in((await inbox.read())[0])

    weak = await client.post(CONFIRM, json={"token": token, "new_password": "passwordpassword"})
    strong = await client.post(CONFIRM, json={"token": token, "new_password": OTHER_PASSWORD})

    assert (weak.status_code, weak.json()["code"]) == (422, "weak_password")
    assert strong.status_code == 204


async def test_a_log_in_invalidates_the_password_reset_token(
    client: AsyncClient, user: User, inbox: Inbox
) -> None:
    await client.post(REQUEST, json={"email": user.email})
    body = {"token": token_in((await inbox.read())[0]), "new_password": OTHER_PASSWORD}
    await request_token(client, user.email)

    response = await client.post(CONFIRM, json=body)

    assert response.json()["code"] == "invalid_token"


async def test_a_change_of_the_password_invalidates_the_password_reset_token(
    client: AsyncClient, login: Login, inbox: Inbox
) -> None:
    await client.post(REQUEST, json={"email": login.user.email})
    body = {"token": token_in((await inbox.read())[0]), "new_password": PASSWORD}
    change = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
    await login.post(f"{API}/users/me/password", json=change)

    response = await client.post(CONFIRM, json=body)

    assert response.json()["code"] == "invalid_token"


async def test_a_password_reset_token_expires_after_thirty_minutes(
    client: AsyncClient, user: User, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = clock.now() - timedelta(minutes=30)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: issued)
        await client.post(REQUEST, json={"email": user.email})
        body = {"token": token_in((await inbox.read())[0]), "new_password": OTHER_PASSWORD}

    response = await client.post(CONFIRM, json=body)

    assert response.json()["code"] == "invalid_token"


async def test_a_password_reset_sends_no_mail_to_a_deactivated_user(
    client: AsyncClient, factory: Factory, inbox: Inbox
) -> None:
    user = await factory.user(is_active=False)

    response = await client.post(REQUEST, json={"email": user.email})

    assert (response.status_code, await inbox.read()) == (202, [])


async def test_the_password_reset_token_is_committed_with_its_mail(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    user = await live_factory.user()

    await live.post(REQUEST, json={"email": user.email})
    [mail] = await Inbox(live_resources).read()

    async with live_resources.database.transaction() as session:
        stored = (await session.exec(select(OneTimeToken.token_digest))).all()
    assert (stored, mail.to) == ([digest(token_in(mail))], user.email)
