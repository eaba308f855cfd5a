"""Accounts over HTTP."""

from httpx import AsyncClient

from app.core.mail import MemoryMailer
from tests.factories import API, Factory, registration


class TestRegister:
    async def test_answers_201_with_the_user_and_where_it_is(self, client: AsyncClient) -> None:
        response = await client.post(f"{API}/users", json=registration(email=" Ada@Example.com "))

        user = response.json()
        assert response.status_code == 201
        assert user["email"] == "ada@example.com"
        assert response.headers["Location"] == f"{API}/users/{user['id']}"
        assert set(user) == {
            "id", "email", "full_name", "role", "is_active", "email_verified_at", "created_at",
        }  # fmt: skip

    async def test_mails_a_token(self, client: AsyncClient, mailer: MemoryMailer) -> None:
        await client.post(f"{API}/users", json=registration(email="ada@example.com"))

        assert [mail.to for mail in mailer.sent] == ["ada@example.com"]

    async def test_refuses_a_taken_address_whatever_its_case(
        self, client: AsyncClient, factory: Factory
    ) -> None:
        await factory.user(email="ada@example.com")

        response = await client.post(f"{API}/users", json=registration(email="ADA@example.com"))

        assert (response.status_code, response.json()["code"]) == (409, "email_taken")
