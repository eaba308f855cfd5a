"""Accounts over HTTP."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.accounts.service import UserService
from app.core.ids import new_id
from app.runtime.services import ServicesDep, get_user_service
from app.users.errors import SoleOwner
from app.users.models import Role
from tests.factories import (
    API,
    OTHER_PASSWORD,
    PASSWORD,
    Factory,
    refresh,
    registration,
    request_token,
)
from tests.inbox import Inbox


class TestRegister:
    async def test_answers_201_with_the_user_and_where_it_is(self, client: AsyncClient) -> None:
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

    async def test_mails_a_token(self, client: AsyncClient, inbox: Inbox) -> None:
        await client.post(f"{API}/users", json=registration(email="ada@example.com"))

        assert [mail.to for mail in await inbox.read()] == ["ada@example.com"]

    async def test_refuses_a_taken_address_whatever_its_case(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        await factory.user(email="ada@example.com")

        response = await client.post(f"{API}/users", json=registration(email="ADA@example.com"))

        assert (response.status_code, response.json()["code"]) == (409, "email_taken")

    async def test_mails_nothing_when_it_refuses(
        self, client: AsyncClient, factory: Factory, inbox: Inbox
    ) -> None:
        await factory.user(email="ada@example.com")

        await client.post(f"{API}/users", json=registration(email="ada@example.com"))

        assert await inbox.read() == []

    @pytest.mark.parametrize(
        "password",
        ["fourteen chars", "passwordpassword", "aaaaaaaaaaaaaaaaaaaa", "ada-lovelace@example.com"],
    )
    async def test_refuses_a_weak_password_and_says_why(
        self, client: AsyncClient, password: str
    ) -> None:
        body = registration(email="ada-lovelace@example.com", password=password)

        response = await client.post(f"{API}/users", json=body)

        problem = response.json()
        assert (response.status_code, problem["code"]) == (422, "weak_password")
        assert problem["errors"][0]["pointer"] == "/password"
        assert len(problem["errors"][0]["message"]) > 10

    async def test_counts_a_password_in_its_normal_form(self, client: AsyncClient) -> None:
        decomposed = "vio\u0308let tractor mumbles opera"

        await client.post(
            f"{API}/users", json=registration(email="ada@example.com", password=decomposed)
        )

        response = await request_token(
            client, "ada@example.com", decomposed.replace("o\u0308", "ö")
        )
        assert response.status_code == 200


class TestCurrentUser:
    async def test_reads_the_own_account(self, client: AsyncClient, factory: Factory) -> None:
        login = await factory.login()

        response = await client.get(f"{API}/users/me", headers=login.headers)

        assert (response.status_code, response.json()["id"]) == (200, str(login.user.id))

    async def test_changes_the_name(self, client: AsyncClient, factory: Factory) -> None:
        login = await factory.login()

        response = await client.patch(
            f"{API}/users/me", json={"full_name": "Ada"}, headers=login.headers
        )

        assert (response.status_code, response.json()["full_name"]) == (200, "Ada")
        read = await client.get(f"{API}/users/me", headers=login.headers)
        assert read.json()["full_name"] == "Ada"

    async def test_null_clears_the_name_and_absence_keeps_it(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        me = f"{API}/users/me"
        await client.patch(me, json={"full_name": "Ada"}, headers=login.headers)

        kept = await client.patch(me, json={}, headers=login.headers)
        cleared = await client.patch(me, json={"full_name": None}, headers=login.headers)

        assert kept.json()["full_name"] == "Ada"
        assert cleared.json()["full_name"] is None

    @pytest.mark.parametrize("field", ["role", "is_active", "email", "id"])
    async def test_refuses_to_change_anything_else(
        self, client: AsyncClient, factory: Factory, field: str
    ) -> None:
        login = await factory.login()

        response = await client.patch(
            f"{API}/users/me", json={field: "admin"}, headers=login.headers
        )

        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == f"/{field}"


class TestChangePassword:
    async def test_ends_all_other_sessions_and_tells_the_user(
        self, client: AsyncClient, factory: Factory, inbox: Inbox
    ) -> None:
        login = await factory.login()
        other = await factory.login(login.user)
        body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}

        response = await client.post(f"{API}/users/me/password", json=body, headers=login.headers)

        me = f"{API}/users/me"
        assert response.status_code == 204
        assert (await client.get(me, headers=login.headers)).status_code == 200
        assert (await client.get(me, headers=other.headers)).status_code == 401
        assert (await refresh(client, other.refresh_token)).status_code == 400
        assert [mail.to for mail in await inbox.read()] == [login.user.email]

    async def test_only_the_new_password_logs_in(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}

        await client.post(f"{API}/users/me/password", json=body, headers=login.headers)

        assert (await request_token(client, login.user.email, PASSWORD)).status_code == 400
        assert (await request_token(client, login.user.email, OTHER_PASSWORD)).status_code == 200

    async def test_refuses_a_wrong_current_password(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()
        body = {"current_password": OTHER_PASSWORD, "new_password": OTHER_PASSWORD}

        response = await client.post(f"{API}/users/me/password", json=body, headers=login.headers)

        assert (response.status_code, response.json()["code"]) == (403, "wrong_password")

    async def test_refuses_a_weak_new_password(self, client: AsyncClient, factory: Factory) -> None:
        login = await factory.login()
        body = {"current_password": PASSWORD, "new_password": "passwordpassword"}

        response = await client.post(f"{API}/users/me/password", json=body, headers=login.headers)

        assert (response.status_code, response.json()["code"]) == (422, "weak_password")
        assert response.json()["errors"][0]["pointer"] == "/new_password"
        assert (await request_token(client, login.user.email, PASSWORD)).status_code == 200


class TestDeleteAccount:
    async def test_takes_sessions_and_tokens_along(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login = await factory.login()

        response = await client.post(
            f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=login.headers
        )

        assert response.status_code == 204
        assert await factory.stored_user(login.user.id) is None
        assert (await client.get(f"{API}/users/me", headers=login.headers)).status_code == 401
        assert (await refresh(client, login.refresh_token)).status_code == 400

    async def test_asks_for_the_password(self, client: AsyncClient, factory: Factory) -> None:
        login = await factory.login()

        response = await client.post(
            f"{API}/users/me/deletion", json={"password": OTHER_PASSWORD}, headers=login.headers
        )

        assert (response.status_code, response.json()["code"]) == (403, "wrong_password")
        assert await factory.stored_user(login.user.id) is not None

    async def test_refuses_to_lose_the_last_admin(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        admin = await factory.admin()
        await factory.user(role=Role.ADMIN, is_active=False)

        response = await client.post(
            f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=admin.headers
        )

        assert (response.status_code, response.json()["code"]) == (409, "last_admin")


class TestDeparture:
    @pytest.fixture
    def refusing(self, app: FastAPI) -> Iterator[None]:
        """Some feature cannot be without any of the users."""

        class RefusingDeparture:
            async def leave(self, *_: UUID, **__: UUID) -> None:
                raise SoleOwner

        async def get_service(services: ServicesDep) -> UserService:
            services.users._departures = [RefusingDeparture()]
            return services.users

        app.dependency_overrides[get_user_service] = get_service
        yield
        del app.dependency_overrides[get_user_service]

    @pytest.mark.usefixtures("refusing")
    async def test_that_is_refused_keeps_the_user(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        login, admin = await factory.login(), await factory.admin()

        own = await client.post(
            f"{API}/users/me/deletion", json={"password": PASSWORD}, headers=login.headers
        )
        by_admin = await client.delete(f"{API}/users/{login.user.id}", headers=admin.headers)

        assert (own.status_code, own.json()["code"]) == (409, "sole_owner")
        assert (by_admin.status_code, by_admin.json()["code"]) == (409, "sole_owner")
        assert await factory.stored_user(login.user.id) is not None


class TestAdministration:
    async def test_lists_all_users_newest_first(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        admin = await factory.admin()
        users = [await factory.user() for _ in range(3)]

        response = await client.get(f"{API}/users", headers=admin.headers)

        ids = [item["id"] for item in response.json()["items"]]
        assert ids == [str(user.id) for user in [*reversed(users), admin.user]]

    async def test_reads_a_user(self, client: AsyncClient, factory: Factory) -> None:
        admin = await factory.admin()
        user = await factory.user()

        response = await client.get(f"{API}/users/{user.id}", headers=admin.headers)

        assert (response.status_code, response.json()["email"]) == (200, user.email)

    @pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
    async def test_answers_404_for_an_id_that_never_was(
        self, client: AsyncClient, factory: Factory, method: str
    ) -> None:
        admin = await factory.admin()
        body = {"full_name": "Ada"} if method == "PATCH" else None

        response = await client.request(
            method, f"{API}/users/{new_id()}", json=body, headers=admin.headers
        )

        assert (response.status_code, response.json()["code"]) == (404, "not_found")

    async def test_makes_an_admin(self, client: AsyncClient, factory: Factory) -> None:
        admin = await factory.admin()
        login = await factory.login()

        response = await client.patch(
            f"{API}/users/{login.user.id}", json={"role": "admin"}, headers=admin.headers
        )

        assert (response.status_code, response.json()["role"]) == (200, "admin")
        assert (await client.get(f"{API}/users", headers=login.headers)).status_code == 200

    async def test_deactivation_ends_sessions_and_tokens_at_once(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        admin = await factory.admin()
        login = await factory.login()
        target = f"{API}/users/{login.user.id}"

        response = await client.patch(target, json={"is_active": False}, headers=admin.headers)

        assert (response.status_code, response.json()["is_active"]) == (200, False)
        assert (await client.get(f"{API}/users/me", headers=login.headers)).status_code == 401
        assert (await refresh(client, login.refresh_token)).status_code == 400
        assert (await request_token(client, login.user.email)).status_code == 400

        await client.patch(target, json={"is_active": True}, headers=admin.headers)
        assert (await client.get(f"{API}/users/me", headers=login.headers)).status_code == 401
        assert (await request_token(client, login.user.email)).status_code == 200

    async def test_deletes_a_user(self, client: AsyncClient, factory: Factory) -> None:
        admin = await factory.admin()
        login = await factory.login()

        response = await client.delete(f"{API}/users/{login.user.id}", headers=admin.headers)

        assert response.status_code == 204
        assert await factory.stored_user(login.user.id) is None
        assert (await client.get(f"{API}/users/me", headers=login.headers)).status_code == 401

    @pytest.mark.parametrize(
        ("method", "body"),
        [("PATCH", {"role": "user"}), ("PATCH", {"is_active": False}), ("DELETE", None)],
    )
    async def test_refuses_to_lose_the_last_active_admin(
        self, client: AsyncClient, factory: Factory, method: str, body: dict[str, object] | None
    ) -> None:
        admin = await factory.admin()
        await factory.user(role=Role.ADMIN, is_active=False)

        response = await client.request(
            method, f"{API}/users/{admin.user.id}", json=body, headers=admin.headers
        )

        assert (response.status_code, response.json()["code"]) == (409, "last_admin")
        assert (await client.get(f"{API}/users", headers=admin.headers)).status_code == 200

    async def test_an_admin_may_go_while_another_stays(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        admin = await factory.admin()
        other = await factory.user(role=Role.ADMIN)

        response = await client.delete(f"{API}/users/{other.id}", headers=admin.headers)

        assert response.status_code == 204
