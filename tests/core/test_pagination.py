"""Keyset pagination, as in the lists of users and sessions."""

from datetime import UTC, datetime

import pytest
from httpx import AsyncClient
from sqlmodel import update

from app.runtime.resources import Resources
from app.sessions.models import LoginSession
from app.users.models import User
from tests.support.factories import API, Factory, Login, request_token
from tests.support.pages import walk


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_users_created_at_the_same_time_are_each_listed_once(
    client: AsyncClient, factory: Factory, admin: Login, resources: Resources, limit: int
) -> None:
    ids = {str(admin.user.id)} | {str((await factory.user()).id) for _ in range(6)}
    async with resources.database.transaction() as session:
        await session.exec(update(User).values(created_at=datetime(2024, 2, 29, tzinfo=UTC)))

    pages = await walk(client, f"{API}/users", admin.headers, limit=limit)

    walked = [id_ for page in pages for id_ in page]
    assert walked == sorted(ids, reverse=True)
    assert all(len(page) == limit for page in pages[:-1])


async def test_sessions_created_at_the_same_time_are_each_listed_once(
    client: AsyncClient, login: Login, resources: Resources
) -> None:
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
    factory: Factory, admin: Login
) -> None:
    users = [await factory.user() for _ in range(3)]
    first = (await admin.get(f"{API}/users?limit=2")).json()

    await factory.user()

    second = await admin.get(f"{API}/users", params={"cursor": first["next_cursor"]})
    assert [item["id"] for item in second.json()["items"]] == [str(users[0].id), str(admin.user.id)]


async def test_a_cursor_of_another_list_is_rejected(client: AsyncClient, admin: Login) -> None:
    for _ in range(2):
        await request_token(client, admin.user.email)
    sessions = await admin.get(f"{API}/auth/sessions?limit=1")

    response = await admin.get(f"{API}/users", params={"cursor": sessions.json()["next_cursor"]})

    assert response.status_code == 422
    assert response.json()["errors"][0]["parameter"] == "cursor"


async def test_a_modified_cursor_is_rejected(factory: Factory, admin: Login) -> None:
    await factory.user()
    page = (await admin.get(f"{API}/users?limit=1")).json()
    cursor: str = page["next_cursor"]

    for position in range(0, len(cursor) - 1, 7):
        other = "A" if cursor[position] != "A" else "B"
        changed = cursor[:position] + other + cursor[position + 1 :]
        response = await admin.get(f"{API}/users", params={"cursor": changed})
        assert response.status_code == 422
