"""Accounts over HTTP."""

from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.core.ids import new_id
from app.features import FEATURES
from app.runtime.feature import Feature
from app.runtime.resources import Resources
from app.users.errors import SoleOwner
from app.users.hooks import before_user_deletion
from app.users.models import Role, User
from tests.support.factories import (
    API,
    OTHER_PASSWORD,
    PASSWORD,
    Factory,
    Login,
    refresh,
    registration,
    request_token,
)
from tests.support.inbox import Inbox


async def test_a_registration_returns_201_with_the_user_and_its_location(
    client: AsyncClient,
) -> None:
    body = registration(email=" Ada@Example.com ", full_name=" Ada Lovelace ")

    response = await client.post(f"{API}/users", json=body)

    user = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{API}/users/{user['id']}"
    assert user["email"] == "ada@example.com"
    assert user["full_name"] == "Ada Lovelace"
    assert user["role"] == "user"
    assert user["email_verified_at"] is None
    assert "password" not in response.text


async def test_a_registration_sends_a_mail_to_the_address(
    client: AsyncClient, inbox: Inbox
) -> None:
    await client.post(f"{API}/users", json=registration(email="ada@example.com"))

    assert [mail.to for mail in await inbox.read()] == ["ada@example.com"]


async def test_a_registration_with_a_taken_address_in_another_case_is_a_409(
    client: AsyncClient, factory: Factory
) -> None:
    await factory.user(email="ada@example.com")

    response = await client.post(f"{API}/users", json=registration(email="ADA@example.com"))

    assert (response.status_code, response.json()["code"]) == (409, "email_taken")


async def test_a_registration_with_a_taken_address_sends_no_mail(
    client: AsyncClient, factory: Factory, inbox: Inbox
) -> None:
    await factory.user(email="ada@example.com")

    await client.post(f"{API}/users", json=registration(email="ada@example.com"))

    assert await inbox.read() == []


@pytest.mark.parametrize(
    "password",
    ["fourteen chars", "passwordpassword", "aaaaaaaaaaaaaaaaaaaa", "ada-lovelace@example.com"],
)
async def test_a_registration_with_a_weak_password_is_a_422_with_the_reason(
    client: AsyncClient, password: str
) -> None:
    body = registration(email="ada-lovelace@example.com", password=password)

    response = await client.post(f"{API}/users", json=body)

    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "weak_password")
    assert problem["errors"][0]["pointer"] == "/password"
    assert len(problem["errors"][0]["message"]) > 10


async def test_a_password_is_normalized_at_registration_and_log_in(client: AsyncClient) -> None:
    decomposed = "vio\u0308let tractor mumbles opera"

    await client.post(
        f"{API}/users", json=registration(email="ada@example.com", password=decomposed)
    )

    response = await request_token(client, "ada@example.com", decomposed.replace("o\u0308", "ö"))
    assert response.status_code == 200


async def test_users_me_returns_the_own_account(login: Login) -> None:
    response = await login.get(f"{API}/users/me")

    assert (response.status_code, response.json()["id"]) == (200, str(login.user.id))


async def test_null_clears_the_name_of_a_user_and_a_missing_field_keeps_it(login: Login) -> None:
    me = f"{API}/users/me"
    await login.patch(me, json={"full_name": "Ada"})

    kept = await login.patch(me, json={})
    cleared = await login.patch(me, json={"full_name": None})

    assert kept.json()["full_name"] == "Ada"
    assert cleared.json()["full_name"] is None


@pytest.mark.parametrize("field", ["role", "is_active", "email", "id"])
async def test_a_patch_of_users_me_rejects_role_state_email_and_id(
    login: Login, field: str
) -> None:
    response = await login.patch(f"{API}/users/me", json={field: "admin"})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == f"/{field}"


async def test_a_change_of_the_password_ends_the_other_sessions_and_sends_a_mail(
    client: AsyncClient, factory: Factory, login: Login, inbox: Inbox
) -> None:
    other = await factory.login(login.user)
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}

    response = await login.post(f"{API}/users/me/password", json=body)

    me = f"{API}/users/me"
    assert response.status_code == 204
    assert (await login.get(me)).status_code == 200
    assert (await other.get(me)).status_code == 401
    assert (await refresh(client, other.refresh_token)).status_code == 400
    assert [mail.to for mail in await inbox.read()] == [login.user.email]


async def test_only_the_new_password_logs_in_after_a_change_of_the_password(
    client: AsyncClient, login: Login
) -> None:
    body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}

    await login.post(f"{API}/users/me/password", json=body)

    assert (await request_token(client, login.user.email, PASSWORD)).status_code == 400
    assert (await request_token(client, login.user.email, OTHER_PASSWORD)).status_code == 200


async def test_a_change_of_the_password_with_a_wrong_current_password_is_a_403(
    login: Login,
) -> None:
    body = {"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD}

    response = await login.post(f"{API}/users/me/password", json=body)

    assert (response.status_code, response.json()["code"]) == (403, "wrong_password")


async def test_a_change_to_a_weak_password_is_a_422(client: AsyncClient, login: Login) -> None:
    body = {"current_password": PASSWORD, "new_password": "passwordpassword"}

    response = await login.post(f"{API}/users/me/password", json=body)

    assert (response.status_code, response.json()["code"]) == (422, "weak_password")
    assert response.json()["errors"][0]["pointer"] == "/new_password"
    assert (await request_token(client, login.user.email, PASSWORD)).status_code == 200


async def test_deleting_the_own_account_ends_its_sessions_and_tokens(
    client: AsyncClient, factory: Factory, login: Login
) -> None:
    response = await login.delete_account()

    assert response.status_code == 204
    assert await factory.stored_user(login.user.id) is None
    assert (await login.get(f"{API}/users/me")).status_code == 401
    assert (await refresh(client, login.refresh_token)).status_code == 400


async def test_deleting_the_own_account_requires_the_password(
    factory: Factory, login: Login
) -> None:
    response = await login.delete_account(OTHER_PASSWORD)

    assert (response.status_code, response.json()["code"]) == (403, "wrong_password")
    assert await factory.stored_user(login.user.id) is not None


async def test_the_last_active_admin_cannot_delete_the_own_account(
    factory: Factory, admin: Login
) -> None:
    await factory.user(role=Role.ADMIN, is_active=False)

    response = await admin.delete_account()

    assert (response.status_code, response.json()["code"]) == (409, "last_admin")


async def test_a_user_is_kept_if_a_feature_prevents_the_deletion(
    app: FastAPI, factory: Factory, resources: Resources
) -> None:
    async def prevent(*_: object) -> None:
        raise SoleOwner

    hooks = (before_user_deletion.handled_by(prevent),)
    features = [*FEATURES, Feature(name="preventing", hooks=hooks)]
    app.state.resources = replace(resources, features=features)
    login, admin = await factory.login(), await factory.admin()

    own = await login.delete_account()
    by_admin = await admin.delete(f"{API}/users/{login.user.id}")

    assert (own.status_code, own.json()["code"]) == (409, "sole_owner")
    assert (by_admin.status_code, by_admin.json()["code"]) == (409, "sole_owner")
    assert await factory.stored_user(login.user.id) is not None


async def test_an_admin_lists_all_users_newest_first(factory: Factory, admin: Login) -> None:
    users = [await factory.user() for _ in range(3)]

    response = await admin.get(f"{API}/users")

    ids = [item["id"] for item in response.json()["items"]]
    assert ids == [str(user.id) for user in [*reversed(users), admin.user]]


async def test_an_admin_reads_a_user(admin: Login, user: User) -> None:
    response = await admin.get(f"{API}/users/{user.id}")

    assert (response.status_code, response.json()["email"]) == (200, user.email)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_user_id_is_a_404(admin: Login, method: str) -> None:
    body = {"full_name": "Ada"} if method == "PATCH" else None

    response = await admin.request(method, f"{API}/users/{new_id()}", json=body)

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_an_admin_gives_a_user_the_admin_role(admin: Login, login: Login) -> None:
    response = await admin.patch(f"{API}/users/{login.user.id}", json={"role": "admin"})

    assert (response.status_code, response.json()["role"]) == (200, "admin")
    assert (await login.get(f"{API}/users")).status_code == 200


async def test_deactivating_a_user_ends_sessions_and_tokens_immediately(
    client: AsyncClient, admin: Login, login: Login
) -> None:
    target = f"{API}/users/{login.user.id}"

    response = await admin.patch(target, json={"is_active": False})

    assert (response.status_code, response.json()["is_active"]) == (200, False)
    assert (await login.get(f"{API}/users/me")).status_code == 401
    assert (await refresh(client, login.refresh_token)).status_code == 400
    assert (await request_token(client, login.user.email)).status_code == 400

    await admin.patch(target, json={"is_active": True})
    assert (await login.get(f"{API}/users/me")).status_code == 401
    assert (await request_token(client, login.user.email)).status_code == 200


async def test_an_admin_deletes_a_user_and_ends_the_sessions(
    factory: Factory, admin: Login, login: Login
) -> None:
    response = await admin.delete(f"{API}/users/{login.user.id}")

    assert response.status_code == 204
    assert await factory.stored_user(login.user.id) is None
    assert (await login.get(f"{API}/users/me")).status_code == 401


@pytest.mark.parametrize(
    ("method", "body"),
    [("PATCH", {"role": "user"}), ("PATCH", {"is_active": False}), ("DELETE", None)],
)
async def test_the_last_active_admin_cannot_be_demoted_deactivated_or_deleted(
    factory: Factory, admin: Login, method: str, body: dict[str, object] | None
) -> None:
    await factory.user(role=Role.ADMIN, is_active=False)

    response = await admin.request(method, f"{API}/users/{admin.user.id}", json=body)

    assert (response.status_code, response.json()["code"]) == (409, "last_admin")
    assert (await admin.get(f"{API}/users")).status_code == 200


async def test_an_admin_can_be_deleted_if_another_active_admin_exists(
    factory: Factory, admin: Login
) -> None:
    other = await factory.user(role=Role.ADMIN)

    response = await admin.delete(f"{API}/users/{other.id}")

    assert response.status_code == 204
