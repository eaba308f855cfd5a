"""Who may call what, generated from the API's document: a new route is covered by itself."""

import pytest
from httpx import AsyncClient
from jose import jwt

from app.core.ids import new_id
from tests.factories import API, Factory
from tests.routes import OPERATIONS, Operation

PUBLIC = {
    "GET /livez",
    "GET /readyz",
    "POST /api/v1/auth/password-reset",
    "POST /api/v1/auth/password-reset/confirm",
    "POST /api/v1/auth/revoke",
    "POST /api/v1/auth/token",
    "POST /api/v1/auth/verify-email",
    "POST /api/v1/users",
}

AUTHENTICATED = [each for each in OPERATIONS if each.is_authenticated]
FOR_ADMINS = [each for each in OPERATIONS if each.is_for_admins]
WITH_AN_ID = [each for each in AUTHENTICATED if "{" in each.path and not each.is_for_admins]


def test_only_these_operations_are_public() -> None:
    assert {each.id for each in OPERATIONS if not each.is_authenticated} == PUBLIC


@pytest.mark.parametrize("operation", AUTHENTICATED, ids=lambda each: each.id)
async def test_anonymous_callers_get_401(client: AsyncClient, operation: Operation) -> None:
    response = await client.request(operation.method, operation.path_with(new_id()))

    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("operation", FOR_ADMINS, ids=lambda each: each.id)
async def test_users_get_403_on_admin_routes_before_any_look_up(
    client: AsyncClient, factory: Factory, operation: Operation
) -> None:
    login = await factory.login()
    other = await factory.user()

    responses = [
        await client.request(operation.method, operation.path_with(id_), headers=login.headers)
        for id_ in (other.id, new_id(), "no id")
    ]

    assert [response.json()["code"] for response in responses] == ["permission_denied"] * 3
    assert [response.status_code for response in responses] == [403] * 3


@pytest.mark.parametrize("operation", WITH_AN_ID, ids=lambda each: each.id)
async def test_another_users_things_do_not_exist(
    client: AsyncClient, factory: Factory, operation: Operation
) -> None:
    owner = await factory.login()
    stranger = await factory.login()
    owned = _id_of_something_owned(owner.access_token, operation)

    foreign = await client.request(
        operation.method, operation.path_with(owned), headers=stranger.headers
    )
    unknown = await client.request(
        operation.method, operation.path_with(new_id()), headers=stranger.headers
    )

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json()["detail"] == unknown.json()["detail"]


def _id_of_something_owned(access_token: str, operation: Operation) -> str:
    """What stands for the route's parameter; a route with a new one has to be added here."""
    owned = {"session_id": jwt.get_unverified_claims(access_token)["sid"]}
    (parameter,) = [each["name"] for each in operation.details["parameters"]]
    return str(owned[parameter])


@pytest.mark.parametrize("operation", AUTHENTICATED, ids=lambda each: each.id)
async def test_a_revoked_session_gets_401(
    client: AsyncClient, factory: Factory, operation: Operation
) -> None:
    login = await factory.admin()
    await client.post(f"{API}/auth/revoke", data={"token": login.access_token})

    response = await client.request(
        operation.method, operation.path_with(new_id()), headers=login.headers
    )

    assert response.status_code == 401
