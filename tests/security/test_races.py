"""What happens when two do the same thing at the same moment."""

from asyncio import gather
from collections import Counter

from httpx import AsyncClient
from sqlmodel import col, func, select

from app.authentication.models import RefreshToken, Session
from app.one_time_tokens.models import OneTimeToken
from app.runtime.resources import Resources
from app.users.models import Role, User
from tests.factories import (
    API,
    OTHER_PASSWORD,
    Factory,
    refresh,
    registration,
    request_token,
    token_in,
)
from tests.inbox import Inbox


async def test_of_twenty_registrations_of_one_address_one_succeeds(live: AsyncClient) -> None:
    body = registration()

    responses = await gather(*[live.post(f"{API}/users", json=body) for _ in range(20)])

    assert Counter(response.status_code for response in responses) == {201: 1, 409: 19}


async def test_of_twenty_uses_of_a_refresh_token_one_succeeds(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()

    responses = await gather(*[refresh(live, login.refresh_token) for _ in range(20)])

    async with live_resources.database.transaction() as session:
        unused = select(func.count()).where(col(RefreshToken.used_at).is_(None))
        assert (await session.exec(unused)).one() == 1
    assert Counter(response.status_code for response in responses) == {200: 1, 400: 19}


async def test_of_ten_uses_of_a_one_time_token_one_succeeds(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()
    await live.post(f"{API}/auth/verify-email/resend", headers=login.headers)
    inbox = Inbox(live_resources)
    body = {"token": token_in((await inbox.read())[0])}

    responses = await gather(*[live.post(f"{API}/auth/verify-email", json=body) for _ in range(10)])

    assert Counter(response.status_code for response in responses) == {204: 1, 422: 9}


async def test_tokens_asked_for_at_once_leave_one(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()

    responses = await gather(
        *[live.post(f"{API}/auth/verify-email/resend", headers=login.headers) for _ in range(8)]
    )

    async with live_resources.database.transaction() as session:
        assert (await session.exec(select(func.count()).select_from(OneTimeToken))).one() == 1
    assert Counter(response.status_code for response in responses) == {202: 8}


async def test_two_admins_who_demote_each_other_leave_one(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    for _ in range(10):
        one, two = await live_factory.admin(), await live_factory.admin()

        await gather(
            live.patch(f"{API}/users/{two.user.id}", json={"role": "user"}, headers=one.headers),
            live.patch(f"{API}/users/{one.user.id}", json={"role": "user"}, headers=two.headers),
        )

        async with live_resources.database.transaction() as session:
            admins = (await session.exec(select(User).where(User.role == Role.ADMIN))).all()
            assert len(admins) == 1
            for admin in admins:
                await session.delete(admin)


async def test_a_log_in_and_the_deletion_of_its_user_never_fail_the_service(
    live: AsyncClient, live_factory: Factory
) -> None:
    admin = await live_factory.admin()
    for _ in range(5):
        user = await live_factory.user()

        responses = await gather(
            live.delete(f"{API}/users/{user.id}", headers=admin.headers),
            *[request_token(live, user.email) for _ in range(4)],
        )

        deletion, *log_ins = [response.status_code for response in responses]
        assert deletion == 204
        assert set(log_ins) <= {200, 400}


async def test_a_log_in_with_the_old_password_does_not_survive_a_reset(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    inbox = Inbox(live_resources)
    for _ in range(5):
        user = await live_factory.user()
        await live.post(f"{API}/auth/password-reset", json={"email": user.email})
        body = {
            "token": token_in((await inbox.read())[-1]),
            "new_password": OTHER_PASSWORD,
        }

        reset, *_ = await gather(
            live.post(f"{API}/auth/password-reset/confirm", json=body),
            *[request_token(live, user.email) for _ in range(3)],
        )

        async with live_resources.database.transaction() as session:
            alive = select(func.count()).where(Session.user_id == user.id)
            sessions = (await session.exec(alive)).one()
        voided_by_a_log_in = reset.status_code == 422
        assert voided_by_a_log_in or sessions == 0
