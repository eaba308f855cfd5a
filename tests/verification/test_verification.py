"""Verification of an e-mail address over HTTP."""

from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient
from sqlmodel import col, update

from app.core import clock
from app.one_time_tokens.models import OneTimeToken
from app.runtime.resources import Resources
from tests.support.factories import API, Factory, Login, registration, token_in
from tests.support.inbox import Inbox

VERIFY = f"{API}/auth/verify-email"
RESEND = f"{VERIFY}/resend"


async def test_the_token_of_the_registration_mail_verifies_the_address(
    client: AsyncClient, factory: Factory, inbox: Inbox
) -> None:
    user = (await client.post(f"{API}/users", json=registration())).json()

    response = await client.post(VERIFY, json={"token": token_in((await inbox.read())[0])})

    stored = await factory.stored_user(UUID(user["id"]))
    assert response.status_code == 204
    assert stored is not None
    assert stored.email_verified_at is not None


async def test_a_new_verification_token_invalidates_the_previous_one(
    client: AsyncClient, login: Login, inbox: Inbox
) -> None:
    responses = [await login.post(RESEND) for _ in range(2)]

    old, new = map(token_in, await inbox.read())
    assert [response.status_code for response in responses] == [202, 202]
    assert (await client.post(VERIFY, json={"token": old})).status_code == 422
    assert (await client.post(VERIFY, json={"token": new})).status_code == 204


async def test_resend_sends_no_mail_to_a_verified_address(factory: Factory, inbox: Inbox) -> None:
    login = await factory.login(verified=True)

    response = await login.post(RESEND)

    assert (response.status_code, await inbox.read()) == (202, [])


async def test_used_superseded_expired_and_unknown_verification_tokens_get_the_same_response(
    client: AsyncClient, factory: Factory, inbox: Inbox, resources: Resources
) -> None:
    user, other, expired_login = [await factory.login() for _ in range(3)]
    for login in (user, user, other, expired_login):
        await login.post(RESEND)
    superseded, _, used, expired = map(token_in, await inbox.read())
    await client.post(VERIFY, json={"token": used})
    async with resources.database.transaction() as session:
        await session.exec(
            update(OneTimeToken)
            .where(col(OneTimeToken.user_id) == expired_login.user.id)
            .values(expires_at=clock.now() - timedelta(seconds=1))
        )

    tokens = [used, superseded, expired, "x" * 43, "x"]
    responses = [await client.post(VERIFY, json={"token": token}) for token in tokens]

    problems = [{**response.json(), "request_id": None} for response in responses]
    assert [response.status_code for response in responses] == [422] * 5
    assert problems == [problems[0]] * 5
    assert problems[0]["code"] == "invalid_token"
    assert problems[0]["errors"][0]["pointer"] == "/token"
