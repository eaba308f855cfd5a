"""Keyset pagination, as in the lists of users and sessions."""

from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from sqlmodel import update

from app.runtime.resources import Resources
from app.sessions.models import LoginSession
from app.users.models import User
from tests.support.factories import API, Factory, request_token
from tests.support.pages import walk


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_users_created_at_the_same_time_are_each_listed_once(
    client: AsyncClient, factory: Factory, resources: Resources, limit: int
) -> None:
    admin = await factory.admin()
    ids = {str(admin.user.id)} | {str((await factory.user()).id) for _ in range(6)}
    async with resources.database.transaction() as session:
        await session.exec(update(User).values(created_at=datetime(2024, 2, 29, tzinfo=UTC)))

    pages = await walk(client, f"{API}/users", admin.headers, limit=limit)

    walked = [id_ for page in pages for id_ in page]
    assert walked == sorted(ids, reverse=True)
    assert all(len(page) == limit for page in pages[:-1])


async def test_sessions_created_at_the_same_time_are_each_listed_once(
    client: AsyncClient, factory: Factory, resources: Resources
) -> None:
    login = await factory.login()
    for _ in range(4):
        await request_token(client, login.user.email)
    async with resources.database.transaction() as session:
        await session.exec(
            update(LoginSession).values(created_at=datetime(2024, 2, 29, tzinfo=UTC))
        )

    pages = await walk(client, f"{API}/auth/sessions", login.headers, limit=2)

    walked = [id_ for page in pages for id_ in page]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert walked == sorted(set(walked), reverse=True)


async def test_a_row_added_between_two_pages_does_not_shift_the_second_page(
    client: AsyncClient, factory: Factory
) -> None:
    admin = await factory.admin()
    users = [await factory.user() for _ in range(3)]
    first = (await client.get(f"{API}/users?limit=2", headers=admin.headers)).json()

    await factory.user()

    second = await client.get(
        f"{API}/users", params={"cursor": first["next_cursor"]}, headers=admin.headers
    )
    assert [item["id"] for item in second.json()["items"]] == [
        str(users[0].id),
        str(admin.user.id),
    ]


async def test_a_cursor_of_another_list_is_rejected(client: AsyncClient, factory: Factory) -> None:
    admin = await factory.admin()
    for _ in range(2):
        await request_token(client, admin.user.email)
    sessions = await client.get(f"{API}/auth/sessions?limit=1", headers=admin.headers)

    response = await client.get(
        f"{API}/users", params={"cursor": sessions.json()["next_cursor"]}, headers=admin.headers
    )

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "cursor"


async def test_a_modified_cursor_is_rejected(client: AsyncClient, factory: Factory) -> None:
    admin = await factory.admin()
    await factory.user()
    page = (await client.get(f"{API}/users?limit=1", headers=admin.headers)).json()
    cursor: str = page["next_cursor"]

    for position in range(0, len(cursor) - 1, 7):
        other = "A" if cursor[position] != "A" else "B"
        changed = cursor[:position] + other + cursor[position + 1 :]
        response = await client.get(
            f"{API}/users", params={"cursor": changed}, headers=admin.headers
        )
        assert response.status_code == 422
