"""Concurrent requests for the same user, address or token."""

from asyncio import gather
from collections import Counter

from httpx import AsyncClient
from sqlmodel import select

from app.one_time_tokens.models import OneTimeToken
from app.runtime.resources import Resources
from app.sessions.models import LoginSession, RefreshToken
from app.users.models import Role, User
from tests.support.factories import (
    API,
    OTHER_PASSWORD,
    Factory,
    refresh,
    registration,
    request_token,
    token_in,
)
from tests.support.inbox import Inbox


async def test_only_one_of_twenty_concurrent_registrations_of_an_address_succeeds(
    live: AsyncClient,
) -> None:
    body = registration()

    responses = await gather(*[live.post(f"{API}/users", json=body) for _ in range(20)])

    assert Counter(response.status_code for response in responses) == {201: 1, 409: 19}


async def test_only_one_of_twenty_concurrent_uses_of_a_refresh_token_succeeds(
    live: AsyncClient, live_factory: Factory
) -> None:
    login = await live_factory.login()

    responses = await gather(*[refresh(live, login.refresh_token) for _ in range(20)])

    assert Counter(response.status_code for response in responses) == {200: 1, 400: 19}
    assert await live_factory.count(RefreshToken, used_at=None) == 1


async def test_only_one_of_ten_concurrent_uses_of_a_one_time_token_succeeds(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()
    await login.post(f"{API}/auth/verify-email/resend")
    inbox = Inbox(live_resources)
    body = {"token": token_in((await inbox.read())[0])}

    responses = await gather(*[live.post(f"{API}/auth/verify-email", json=body) for _ in range(10)])

    assert Counter(response.status_code for response in responses) == {204: 1, 422: 9}


async def test_concurrent_requests_for_a_verification_mail_leave_one_token(
    live_factory: Factory,
) -> None:
    login = await live_factory.login()

    responses = await gather(*[login.post(f"{API}/auth/verify-email/resend") for _ in range(8)])

    assert Counter(response.status_code for response in responses) == {202: 8}
    assert await live_factory.count(OneTimeToken) == 1


async def test_two_admins_who_demote_each_other_concurrently_leave_one_admin(
    live_factory: Factory, live_resources: Resources
) -> None:
    for _ in range(10):
        one, two = await live_factory.admin(), await live_factory.admin()

        await gather(
            one.patch(f"{API}/users/{two.user.id}", json={"role": "user"}),
            two.patch(f"{API}/users/{one.user.id}", json={"role": "user"}),
        )

        async with live_resources.database.transaction() as session:
            admins = (await session.exec(select(User).where(User.role == Role.ADMIN))).all()
            assert len(admins) == 1
            for admin in admins:
                await session.delete(admin)


async def test_a_log_in_during_the_deletion_of_its_user_is_never_a_500(
    live: AsyncClient, live_factory: Factory
) -> None:
    admin = await live_factory.admin()
    for _ in range(5):
        user = await live_factory.user()

        responses = await gather(
            admin.delete(f"{API}/users/{user.id}"),
            *[request_token(live, user.email) for _ in range(4)],
        )

        deletion, *log_ins = [response.status_code for response in responses]
        assert deletion == 204
        assert set(log_ins) <= {200, 400}


async def test_a_session_with_the_old_password_does_not_survive_a_concurrent_reset(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    inbox = Inbox(live_resources)
    for _ in range(5):
        user = await live_factory.user()
        await live.post(f"{API}/auth/password-reset", json={"email": user.email})
        body = {"token": token_in((await inbox.read())[-1]), "new_password": OTHER_PASSWORD}

        reset, *_ = await gather(
            live.post(f"{API}/auth/password-reset/confirm", json=body),
            *[request_token(live, user.email) for _ in range(3)],
        )

        token_invalidated_by_log_in = reset.status_code == 422
        sessions = await live_factory.count(LoginSession, user_id=user.id)
        assert token_invalidated_by_log_in or sessions == 0
